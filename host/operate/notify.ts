// Sends notices to the channels that .env names, and `notify test`.
import { messageOf } from "../../src/base/errors"
import { unknownName } from "../../src/base/nearest"
import { Problem } from "../../src/base/problem"
import { table } from "../../src/base/table"
import {
  answerFault,
  channelFault,
  channelsOf,
  type MailChannel,
  mailOf,
  type Notice,
  type NoticeChannel,
  type PostChannel,
  postOf,
  wanted,
} from "../../src/plan/deploy/notify"
import { type Folder, projectName, readEnv, settingsOf } from "./folder"
import { colour, EXIT, masked, Refusal, result, say } from "./print"

const LIMIT_SECONDS = 15

/** One change, with news of its end. A call that was refused before it touched anything is not news. */
export async function notified(folder: Folder, title: string, work: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    const detail = await work()
    await notify(folder, "ok", title, detail ?? "")
    return detail
  } catch (error) {
    if (!(error instanceof Refusal)) await notify(folder, "failed", title, messageOf(error))
    throw error
  }
}

/** A channel that fails is a line on the terminal: what was done stays done. */
export async function notify(folder: Folder, state: Notice["state"], title: string, text: string): Promise<void> {
  if (readEnv(folder) === undefined) return
  const settings = settingsOf(folder)
  if (!wanted(settings, state)) return
  const notice = { state, title, lines: masked(text).split("\n").filter(Boolean), project: projectName(folder, settings) }
  await Promise.all(
    channelsOf(settings).map(async (channel) => {
      const fault = await send(channel, notice)
      if (fault !== undefined) say(colour("yellow", `the notice by ${channel.kind} was not taken: ${fault}`))
    }),
  )
}

export async function notifyTest(folder: Folder, [what, name]: string[]): Promise<number> {
  if (what !== "test") throw unknownName("verb of notify", what ?? "", ["test"])
  const settings = settingsOf(folder)
  const all = channelsOf(settings)
  if (all.length === 0)
    throw new Refusal(
      "no channel is set, so nobody gets a notice",
      EXIT.refused,
      "set NOTIFY_MAIL_TO with NOTIFY_SMTP_URL, NOTIFY_WEBHOOK_URL, NOTIFY_WECOM_URL, NOTIFY_DINGTALK_URL or NOTIFY_FEISHU_URL in .env",
    )
  const kinds = all.map(({ kind }) => kind)
  if (name !== undefined && !kinds.some((kind) => kind === name)) throw unknownName("channel that is set", name, kinds)
  const project = projectName(folder, settings)
  const notice: Notice = { state: "ok", title: "test", lines: ["This is a test: notices of this installation arrive here."], project }
  const rows = await Promise.all(
    all.filter(({ kind }) => name === undefined || kind === name).map(async (channel) => ({ channel, fault: await send(channel, notice) })),
  )
  result(
    table(
      ["channel", "result"],
      rows.map(({ channel, fault }) => [channel.kind, fault ?? "sent"]),
    ),
  )
  const failed = rows.filter(({ fault }) => fault !== undefined).map(({ channel }) => channel.kind)
  if (failed.length > 0) throw new Problem(`not sent by ${failed.join(", ")}`, "correct its settings (NOTIFY_…) in .env")
  return EXIT.fine
}

/** What went wrong; undefined once it was taken. */
async function send(channel: NoticeChannel, notice: Notice): Promise<string | undefined> {
  try {
    return channelFault(channel) ?? (channel.kind === "mail" ? await mail(channel, notice) : await post(channel, notice))
  } catch (error) {
    const { cause } = error as { cause?: unknown }
    return masked(messageOf(cause instanceof Error && cause.message !== "" ? cause : error))
  }
}

async function post(channel: PostChannel, notice: Notice): Promise<string | undefined> {
  const { url, body } = postOf(channel, notice, Date.now())
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    redirect: "manual",
    signal: AbortSignal.timeout(LIMIT_SECONDS * 1000),
  })
  return answerFault(channel, answer.status, await answer.text())
}

async function mail(channel: MailChannel, notice: Notice): Promise<string | undefined> {
  // Large, and needed by nothing else.
  const { createTransport } = await import("nodemailer")
  const { hostname, port, protocol } = new URL(channel.server)
  const secure = protocol === "smtps:"
  const limit = LIMIT_SECONDS * 1000
  const transport = createTransport({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port) || (secure ? 465 : 587),
    secure,
    // A password never crosses a network without TLS.
    requireTLS: !secure && channel.password !== "",
    ...(channel.user === "" ? {} : { auth: { user: channel.user, pass: channel.password } }),
    connectionTimeout: limit,
    greetingTimeout: limit,
    socketTimeout: limit,
  })
  await transport.sendMail(mailOf(channel, notice))
  return undefined
}
