// Does an engine answer at a socket? It speaks gRPC, so a client's HTTP/2 greeting must come back with a SETTINGS frame.
// A socket that merely exists says nothing: a killed engine leaves it behind.
import { connect } from "node:net"

const GREETING = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]), // an empty SETTINGS frame
])
const SETTINGS = 4

export function answers(socketPath: string, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    const end = (result: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(result)
    }
    const timer = setTimeout(() => end(false), milliseconds)
    socket.on("error", () => end(false))
    socket.on("close", () => end(false))
    socket.on("connect", () => socket.write(GREETING))
    socket.on("data", (data) => end(data.length > 3 && data[3] === SETTINGS))
  })
}
