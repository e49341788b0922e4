// Who may compile now. Compilers use all processors, so builds that start at once take turns, and one that waits says for whom.

export interface Turns {
  /** All builds that take turns see it. */
  folder: string
  /** How many have one at the same time. */
  turns: number
}

/** The command as one that waits for its turn, and says every minute who has one. A turn ends with its process, however that ends. */
export function inTurn(name: string, command: string[], { folder, turns }: Turns): string[] {
  return ["sh", "-c", script, "turn", folder, String(turns), name, ...command]
}

// The lock's file stays open in the command itself.
const script = `
folder=$1 turns=$2 name=$3
shift 3
mkdir -p "$folder"
take() {
  for turn in $(seq "$turns"); do
    exec 9<>"$folder/$turn"
    if flock -n 9; then
      echo "$name (since $(date +%T))" >"$folder/$turn"
      return
    fi
  done
  return 1
}
waited=0
until take; do
  [ $((waited % 300)) -gt 0 ] || echo "waiting to build $name: busy with $(cat "$folder"/* | paste -sd, - | sed 's/,/, /g')" >&2
  waited=$((waited + 1))
  sleep 0.2
done
[ "$waited" -eq 0 ] || echo "building $name now, after $((waited / 5)) s" >&2
exec "$@"`
