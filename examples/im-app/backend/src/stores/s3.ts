// Pictures in MinIO, or in another store that speaks S3.

import { AwsClient } from "aws4fetch"
import type { Config } from "../config.ts"
import type { Files, Picture } from "./store.ts"

export function s3Files({ url, bucket, key, secret }: NonNullable<Config["files"]>): Files {
  const client = new AwsClient({ accessKeyId: key, secretAccessKey: secret, service: "s3", region: "us-east-1", retries: 0 })
  const ask = async (path: string, options: RequestInit, fine: number[]) => {
    const answer = await client.fetch(`${url}/${bucket}${path}`, { ...options, signal: AbortSignal.timeout(30_000) })
    if (fine.includes(answer.status)) return answer
    throw new Error(`${options.method} of ${bucket}${path}: the file store answers ${answer.status} ${(await answer.text()).slice(0, 200)}`)
  }
  let made: Promise<unknown> | undefined
  /** 409: it is there. */
  const ready = async () => {
    made ??= ask("", { method: "PUT" }, [200, 409])
    await made.catch((error) => {
      made = undefined
      throw error
    })
  }
  return {
    async check() {
      await ready()
      await ask("", { method: "HEAD" }, [200])
    },
    async put(name, { type, bytes }) {
      await ready()
      await ask(`/${name}`, { method: "PUT", body: bytes, headers: { "content-type": type } }, [200])
    },
    async get(name): Promise<Picture | undefined> {
      const answer = await ask(`/${name}`, { method: "GET" }, [200, 404])
      if (answer.status === 404) return undefined
      return { type: answer.headers.get("content-type") ?? "", bytes: new Uint8Array(await answer.arrayBuffer()) }
    },
  }
}
