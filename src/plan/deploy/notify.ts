// Notices to those who look after a deployment: which channels .env names, and what each of them is sent. The monitoring image sends the
// same from its alerts (the program monitor), and both are tested with the same messages.

import { createHmac } from "node:crypto"

export interface Notice {
  /** ok and resolved are good news. */
  state: "ok" | "failed" | "firing" | "resolved"
  title: string
  /** What happened, a sentence each. */
  lines: string[]
  /** The name of the installation. */
  project: string
}

export type NoticeChannel = MailChannel | PostChannel

export interface MailChannel {
  kind: "mail"
  /** smtp://HOST:PORT, with STARTTLS where it is offered, or smtps://HOST:PORT. */
  server: string
  user: string
  password: string
  from: string
  to: string[]
}

export interface PostChannel {
  kind: "webhook" | "wecom" | "dingtalk" | "feishu"
  url: string
  /** What signs the messages of DingTalk and Feishu; empty without. */
  secret: string
}

export interface Post {
  url: string
  body: string
}

export interface Mail {
  from: string
  to: string[]
  subject: string
  text: string
}

/** Settings of a channel; the first one turns it on. */
const POSTS: [PostChannel["kind"], string, string?][] = [
  ["webhook", "NOTIFY_WEBHOOK_URL"],
  ["wecom", "NOTIFY_WECOM_URL"],
  ["dingtalk", "NOTIFY_DINGTALK_URL", "NOTIFY_DINGTALK_SECRET"],
  ["feishu", "NOTIFY_FEISHU_URL", "NOTIFY_FEISHU_SECRET"],
]

/** The names of all channels. */
export const channelKinds: NoticeChannel["kind"][] = ["mail", ...POSTS.map(([kind]) => kind)]

/** The channels that .env names. */
export function channelsOf(settings: Record<string, string>): NoticeChannel[] {
  const value = (name: string | undefined) => (name === undefined ? "" : (settings[name] ?? ""))
  const to = value("NOTIFY_MAIL_TO").split(",").filter(Boolean)
  const mail: NoticeChannel[] =
    to.length === 0
      ? []
      : [
          {
            kind: "mail",
            server: value("NOTIFY_SMTP_URL"),
            user: value("NOTIFY_SMTP_USER"),
            password: value("NOTIFY_SMTP_PASSWORD"),
            from: value("NOTIFY_MAIL_FROM") || to[0]!,
            to,
          },
        ]
  const posts = POSTS.filter(([, url]) => value(url) !== "").map(
    ([kind, url, secret]): NoticeChannel => ({ kind, url: value(url), secret: value(secret) }),
  )
  return [...mail, ...posts]
}

/** What is missing for a channel that is turned on. */
export function channelFault(channel: NoticeChannel): string | undefined {
  if (channel.kind === "mail" && channel.server === "") return "NOTIFY_MAIL_TO is set, but NOTIFY_SMTP_URL is not"
  return undefined
}

/** Whether news of this state is wanted: NOTIFY_WHEN is always or failed. */
export function wanted(settings: Record<string, string>, state: Notice["state"]): boolean {
  return state === "failed" || state === "firing" || settings["NOTIFY_WHEN"] !== "failed"
}

export function headline({ state, title, project }: Notice): string {
  return `[${project}] ${state.toUpperCase()}: ${title}`
}

function plainText(notice: Notice): string {
  return [headline(notice), ...notice.lines].join("\n")
}

/** Headings and lines apart, as all of the chat programs show them. */
function markdown(notice: Notice): string {
  return [`**${headline(notice)}**`, ...notice.lines].join("\n\n")
}

/** WeCom refuses what is longer, in bytes. */
const WECOM_BYTES = 4000
/** The others take about 20,000. */
const CHAT_BYTES = 16_000

/** As much of a text as fits into so many bytes of UTF-8, without half a character. */
export function cut(text: string, bytes: number): string {
  const all = Buffer.from(text)
  if (all.length <= bytes) return text
  let end = bytes - 3
  while ((all[end]! & 0xc0) === 0x80) end--
  return `${all.subarray(0, end).toString()}…`
}

const hmac = (key: string, text: string): string => createHmac("sha256", key).update(text).digest("base64")

/** What is posted to a channel at this time, in milliseconds. */
export function postOf({ kind, url, secret }: PostChannel, notice: Notice, time: number): Post {
  switch (kind) {
    case "webhook":
      return { url, body: JSON.stringify({ ...notice, time: new Date(time).toISOString() }) }
    case "wecom":
      return { url, body: JSON.stringify({ msgtype: "markdown", markdown: { content: cut(markdown(notice), WECOM_BYTES) } }) }
    case "dingtalk": {
      const body = { msgtype: "markdown", markdown: { title: headline(notice), text: cut(markdown(notice), CHAT_BYTES) } }
      const sign = encodeURIComponent(hmac(secret, `${time}\n${secret}`))
      const signed = `${url}${url.includes("?") ? "&" : "?"}timestamp=${time}&sign=${sign}`
      return { url: secret === "" ? url : signed, body: JSON.stringify(body) }
    }
    case "feishu": {
      const seconds = String(Math.floor(time / 1000))
      const signature = secret === "" ? {} : { timestamp: seconds, sign: hmac(`${seconds}\n${secret}`, "") }
      return { url, body: JSON.stringify({ ...signature, msg_type: "text", content: { text: cut(plainText(notice), CHAT_BYTES) } }) }
    }
  }
}

/** What is wrong with an answer: these services answer 200 to what they refuse, with a code in the body. */
export function answerFault({ kind }: PostChannel, status: number, body: string): string | undefined {
  if (status < 200 || status > 299) return `it answered ${status}`
  if (kind === "webhook") return undefined
  try {
    const answer = JSON.parse(body) as { errcode?: number; code?: number; StatusCode?: number; errmsg?: string; msg?: string }
    const code = answer.errcode ?? answer.code ?? answer.StatusCode
    return code === 0 ? undefined : `it refused: ${code} ${answer.errmsg ?? answer.msg ?? ""}`.trim()
  } catch {
    return "its answer is not JSON: is the address right?"
  }
}

export function mailOf({ from, to }: MailChannel, notice: Notice): Mail {
  return { from, to, subject: headline(notice), text: `${notice.lines.join("\n")}\n` }
}
