/** What a release did: its report, the changed pins, and the record of what is published. */
import { type Changeset, dag, type File, func, object } from "@dagger.io/dagger"

@object()
export class ReleaseResult {
  private table: string
  private record: string
  private pins: Changeset

  constructor(
    /** The table of its report */
    table: string,
    /** The text of its state file */
    record: string,
    /** The newer versions that it took */
    pins: Changeset,
  ) {
    this.table = table
    this.record = record
    this.pins = pins
  }

  /** Prints a line for each component: published or skipped, its digest, its images and why. */
  @func({ cache: "never" })
  report(): string {
    return this.table
  }

  /**
   * Returns the newer versions that were released, as changes of the pins.
   * Of versions.yaml, compose/, the stack's CHANGELOG.md and dockerfiles/. Empty when nothing was newer
   */
  @func({ cache: "never" })
  changes(): Changeset {
    return this.pins
  }

  /** Returns the inputs of all that is published now, for plan --record without a registry. */
  @func({ cache: "never" })
  state(): File {
    return dag.directory().withNewFile("published.json", this.record).file("published.json")
  }
}
