// The part of OpenIM's protocol (github.com/openimsdk/protocol, sdkws/sdkws.proto) that is sent over the WebSocket and
// through the queue as protobuf.

import protobuf from "protobufjs"

const { root } = protobuf.parse(
  `
syntax = "proto3";
message MsgData {
  string sendID = 1;
  string recvID = 2;
  string groupID = 3;
  string clientMsgID = 4;
  string serverMsgID = 5;
  int32 senderPlatformID = 6;
  string senderNickname = 7;
  string senderFaceURL = 8;
  int32 sessionType = 9;
  int32 msgFrom = 10;
  int32 contentType = 11;
  bytes content = 12;
  int64 seq = 14;
  int64 sendTime = 15;
  int64 createTime = 16;
  int32 status = 17;
  bool isRead = 18;
}
message PullMsgs {
  repeated MsgData Msgs = 1;
}
message PushMessages {
  map<string, PullMsgs> msgs = 1;
  map<string, PullMsgs> notificationMsgs = 2;
}
message SendMsgResp {
  string serverMsgID = 1;
  string clientMsgID = 2;
  int64 sendTime = 3;
}
message MsgDataToMongoByMQ {
  int64 lastSeq = 1;
  string conversationID = 2;
  repeated MsgData msgData = 3;
}
`,
  { keepCase: true },
)

export interface Message {
  sendID: string
  recvID: string
  groupID: string
  clientMsgID: string
  serverMsgID: string
  senderPlatformID: number
  senderNickname: string
  sessionType: number
  msgFrom: number
  contentType: number
  content: Uint8Array
  seq: number
  sendTime: number
  createTime: number
}

type Conversations = Record<string, { Msgs: Message[] }>

/** A record of topic toRedis. */
export const decodeMessage = (bytes: Uint8Array) => decode<Message>("MsgData", bytes)

/** A record of topic toMongo: the messages of one conversation that got their sequence numbers together. */
export const decodeBatch = (bytes: Uint8Array) =>
  decode<{ lastSeq: number; conversationID: string; msgData: Message[] }>("MsgDataToMongoByMQ", bytes)

export const decodePush = (bytes: Uint8Array) => decode<{ msgs: Conversations; notificationMsgs: Conversations }>("PushMessages", bytes)

export const decodeSent = (bytes: Uint8Array) =>
  decode<{ serverMsgID: string; clientMsgID: string; sendTime: number }>("SendMsgResp", bytes)

export function encodeMessage(message: Partial<Message>): Uint8Array {
  return root.lookupType("MsgData").encode(message).finish()
}

/** The text of a text message. */
export function textOf({ content }: Message): string {
  return (JSON.parse(Buffer.from(content).toString()) as { content: string }).content
}

function decode<T>(type: string, bytes: Uint8Array): T {
  const found = root.lookupType(type)
  return found.toObject(found.decode(bytes), { longs: Number, defaults: true }) as T
}
