// What the generated list of functions says of the module.

/** Option → type, such as String, [String], Boolean or Directory; one that must be given ends with an exclamation mark. */
export type Options = Record<string, string>

export interface KnownFunction {
  /** The type of its result: an object's name where a call may go on. */
  gives: string
  /** `dagger check` runs it: a check, or a generator, which fails where it would change something. */
  check?: true
  options: Options
}

export interface KnownObject {
  /** Those of its constructor. */
  options: Options
  functions: Record<string, KnownFunction>
}

export interface FunctionList {
  /** The object that a call starts with. */
  main: string
  /** The module's own objects; the others are Dagger's. */
  own: string[]
  objects: Record<string, KnownObject>
}
