// What k6 sends: first requests that only read, as a measure of the machine, then messages. Run by k6.ts, in k6's own JavaScript.

import exec from "k6/execution"
import http from "k6/http"
import { Counter, Trend } from "k6/metrics"

const { api, token, adminUserID, conversations, reference, messages } = JSON.parse(open(__ENV.LOAD_SETTINGS))

const referenceTime = new Trend("reference_time", true)
const referenceErrors = new Counter("reference_errors")
const messageTime = new Trend("message_time", true)
const messageErrors = new Counter("message_errors")

export const options = {
  scenarios: {
    reference: {
      executor: "constant-vus",
      exec: "ask",
      vus: reference.clients,
      duration: `${reference.seconds}s`,
      gracefulStop: "5s",
    },
    messages: {
      executor: "shared-iterations",
      exec: "send",
      vus: messages.clients,
      iterations: messages.count,
      maxDuration: `${messages.seconds}s`,
      startTime: `${reference.seconds + 1}s`,
      gracefulStop: "15s",
    },
  },
  summaryTrendStats: ["count", "med", "p(95)", "p(99)", "max"],
}

/** Through the API, the program for tokens and the one for users, and Redis: most of a message's way, without what stores it. */
export function ask() {
  const { answer, milliseconds, problem } = post("/user/get_users_info", { userIDs: [adminUserID] })
  referenceTime.add(milliseconds)
  if (problem || answer.data.usersInfo.length !== 1) {
    referenceErrors.add(1)
    print({ kind: "reference", problem: problem || "the answer has no user" })
  }
}

export function send() {
  const number = exec.scenario.iterationInTest
  const { from, to } = conversations[number % conversations.length]
  const text = `message ${number} of the load`
  const body = {
    sendID: from.userID,
    senderNickname: from.nickname,
    senderPlatformID: 5,
    recvID: to.userID,
    contentType: 101,
    sessionType: 1,
    content: { content: text },
  }
  const begun = Date.now()
  const { answer, milliseconds, problem } = post("/msg/send_msg", body)
  messageTime.add(milliseconds)
  // An answer without an ID is none: the server says errCode 0 also for a message that it does not take.
  const serverMsgID = problem ? undefined : answer.data && answer.data.serverMsgID
  if (serverMsgID) print({ kind: "message", conversation: number % conversations.length, text, serverMsgID, begun, answered: Date.now() })
  else {
    messageErrors.add(1)
    print({ kind: "message", text, problem: problem || "errCode 0 without an ID" })
  }
}

function post(path, body) {
  const response = http.post(api + path, JSON.stringify(body), {
    headers: { "content-type": "application/json", operationID: `load-${exec.vu.idInTest}-${exec.vu.iterationInScenario}`, token },
    timeout: "10s",
    tags: { name: path },
  })
  const milliseconds = response.timings.duration
  if (response.status !== 200) return { milliseconds, problem: `HTTP ${response.status}: ${response.error}` }
  const answer = response.json()
  return {
    answer,
    milliseconds,
    problem: answer.errCode === 0 ? undefined : `errCode ${answer.errCode}: ${answer.errMsg} ${answer.errDlt}`,
  }
}

/** A line in the file of k6's --console-output. */
function print(line) {
  console.log(JSON.stringify(line))
}

export function handleSummary({ metrics }) {
  const values = Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, metric.values]))
  return { [__ENV.LOAD_SUMMARY]: JSON.stringify(values, null, 2) }
}
