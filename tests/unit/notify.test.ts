// Notices: which channels the settings name, and what each of them is sent.
import { describe, expect, test } from "vitest"
import vectors from "../../go/monitor/testdata/vectors.json" with { type: "json" }
import { answerFault, channelFault, channelsOf, cut, mailOf, type PostChannel, postOf, wanted } from "../../src/plan/deploy/notify.js"

const notice = vectors.notice as Parameters<typeof postOf>[1]

describe("messages", () => {
  test.each(vectors.vectors)("$channel.kind, secret '$channel.secret': as another implementation makes it", ({ channel, url, body }) => {
    const post = postOf(channel as PostChannel, notice, vectors.time)
    expect(post.url).toBe(url)
    expect(JSON.parse(post.body)).toEqual(body)
  })

  test("a mail has the headline as its subject, and the lines as its text", () => {
    const [channel] = channelsOf({ NOTIFY_MAIL_TO: "a@example.org,b@example.org", NOTIFY_SMTP_URL: "smtp://mail:25" })
    if (channel?.kind !== "mail") throw new Error("no mail")
    expect(mailOf(channel, notice)).toEqual({
      from: "a@example.org",
      to: ["a@example.org", "b@example.org"],
      subject: "[openim] FAILED: update",
      text: `${notice.lines.join("\n")}\n`,
    })
  })

  test("a text is cut by bytes, between two characters", () => {
    expect(cut("更新更新", 12)).toBe("更新更新")
    expect(cut("更新更新", 11)).toBe("更新…")
    expect(Buffer.byteLength(cut("x".repeat(9000), 4000))).toBe(4000)
    const long = postOf({ kind: "wecom", url: "https://w", secret: "" }, { ...notice, lines: ["更".repeat(5000)] }, 0)
    expect(Buffer.byteLength(JSON.parse(long.body).markdown.content)).toBeLessThanOrEqual(4096)
  })
})

describe("channels", () => {
  test("are those that the settings name; a name alone of a secret turns none on", () => {
    expect(channelsOf({})).toEqual([])
    expect(channelsOf({ NOTIFY_DINGTALK_SECRET: "s", NOTIFY_SMTP_URL: "smtp://mail:25" })).toEqual([])
    const all = channelsOf({
      NOTIFY_MAIL_TO: "a@example.org",
      NOTIFY_WEBHOOK_URL: "https://hook",
      NOTIFY_WECOM_URL: "https://wecom",
      NOTIFY_DINGTALK_URL: "https://ding",
      NOTIFY_DINGTALK_SECRET: "s",
      NOTIFY_FEISHU_URL: "https://feishu",
    })
    expect(all.map(({ kind }) => kind)).toEqual(["mail", "webhook", "wecom", "dingtalk", "feishu"])
    expect(all[3]).toMatchObject({ secret: "s" })
    expect(channelFault(all[0]!)).toContain("NOTIFY_SMTP_URL is not")
  })

  test("NOTIFY_WHEN=failed leaves out good news", () => {
    expect(wanted({}, "ok")).toBe(true)
    expect(wanted({ NOTIFY_WHEN: "failed" }, "ok")).toBe(false)
    expect(wanted({ NOTIFY_WHEN: "failed" }, "resolved")).toBe(false)
    expect(wanted({ NOTIFY_WHEN: "failed" }, "failed")).toBe(true)
  })
})

describe("answers", () => {
  const fault = (kind: PostChannel["kind"], status: number, body: string) => answerFault({ kind, url: "", secret: "" }, status, body)
  test("200 with a code is a refusal", () => {
    expect(fault("dingtalk", 200, '{"errcode":310000,"errmsg":"sign not match"}')).toBe("it refused: 310000 sign not match")
    expect(fault("feishu", 200, '{"code":19021,"msg":"sign match fail"}')).toBe("it refused: 19021 sign match fail")
    expect(fault("wecom", 200, '{"errcode":0,"errmsg":"ok"}')).toBeUndefined()
    expect(fault("feishu", 200, '{"StatusCode":0}')).toBeUndefined()
    expect(fault("feishu", 200, "<html>")).toContain("is the address right")
    expect(fault("webhook", 204, "")).toBeUndefined()
    expect(fault("webhook", 502, "")).toBe("it answered 502")
  })
})
