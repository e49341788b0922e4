// What the edge answers at its published port.

import { request } from "node:https"

const name = process.env.PUBLIC_NAME ?? ""

export function healthzOf(ca: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port: 443, servername: name, ca, path: "/healthz" }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    asked.on("error", reject)
    asked.end()
  })
}
