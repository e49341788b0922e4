// Which ports of a machine are open, as /proc/net says it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { openSockets } from "../../host/operate/machine"

const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
const line = (port: string, state: string, inode: number) =>
  `   0: 00000000:${port} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100\n`

test("are those that listen, and those of UDP without a peer", () => {
  const folder = mkdtempSync(join(tmpdir(), "proc-"))
  try {
    expect(openSockets("udp", folder)).toBeUndefined()
    writeFileSync(join(folder, "tcp"), `${head}${line("01BB", "0A", 11)}${line("01BC", "01", 12)}`)
    writeFileSync(join(folder, "udp"), `${head}${line("1ECA", "07", 21)}${line("1ECB", "01", 22)}`)
    writeFileSync(join(folder, "udp6"), `${head}${line("1ECC", "07", 23)}`)
    expect([...openSockets("tcp", folder)!]).toEqual([[443, "11"]])
    expect([...openSockets("udp", folder)!]).toEqual([
      [7882, "21"],
      [7884, "23"],
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
