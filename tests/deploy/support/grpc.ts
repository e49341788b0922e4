// gRPC as a client speaks it: one connection with HTTP/2, which stays open, and requests in it.

import { type ClientHttp2Session, connect } from "node:http2"

export interface Answer {
  /** gRPC's own: 0 is fine. Without one, what stands between did not pass the answer on. */
  status?: number
  words: string
  message: Buffer
}

export class GrpcClient {
  private readonly session: ClientHttp2Session

  constructor(address: string) {
    this.session = connect(address)
    // Requests say what went wrong.
    this.session.on("error", () => undefined)
  }

  call(path: string, message: Buffer, headers: Record<string, string> = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stream = this.session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
        ...headers,
      })
      const parts: Buffer[] = []
      let found: Record<string, unknown> = {}
      stream.on("response", (fields) => {
        found = { ...found, ...fields }
      })
      stream.on("trailers", (fields) => {
        found = { ...found, ...fields }
      })
      stream.on("data", (part: Buffer) => parts.push(part))
      stream.on("error", reject)
      stream.setTimeout(10_000, () => stream.destroy(new Error("no answer within 10 s")))
      stream.on("close", () => {
        const status = found["grpc-status"]
        resolve({
          ...(status === undefined ? {} : { status: Number(status) }),
          words: String(found["grpc-message"] ?? `HTTP ${found[":status"]}`),
          // After a byte for compression, and four for the length.
          message: Buffer.concat(parts).subarray(5),
        })
      })
      const head = Buffer.alloc(5)
      head.writeUInt32BE(message.length, 1)
      stream.end(Buffer.concat([head, message]))
    })
  }

  close(): void {
    this.session.close()
  }
}

/** A text as protobuf has it in a message, by the number of its field. */
export function textField(number: number, text: string): Buffer {
  return bytesField(number, Buffer.from(text))
}

/** Numbers with a point, one after the other. */
export function doublesField(number: number, values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8)
  values.forEach((value, index) => {
    bytes.writeDoubleLE(value, index * 8)
  })
  return bytesField(number, bytes)
}

function bytesField(number: number, bytes: Buffer): Buffer {
  if (bytes.length > 127) throw new Error("longer than one byte can say")
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
}
