// What the queue holds, read from the files of its topics: how far a message came shows who did not carry it on.

import { kubectl, release } from "./cluster.js"

/** The texts of the form WORD NUMBER in a topic, whatever became of them. */
export function textsInTopic(topic: "toRedis" | "toMongo"): Set<string> {
  const words = `cat /data/logs/${topic}-*/*.log | grep -aoE '"[a-z-]+ [0-9]+"'`
  return new Set(
    kubectl("exec", `${release}-kafka-0`, "--", "sh", "-c", words)
      .split("\n")
      .map((line) => line.replaceAll('"', "")),
  )
}

/** How far each of these came: whoever did not carry it on has a reason to say. */
export function whereTheyAre(texts: string[]): string[] {
  const [taken, carriedOn] = [textsInTopic("toRedis"), textsInTopic("toMongo")]
  const step = (text: string) => (carriedOn.has(text) ? "in topic toMongo" : taken.has(text) ? "in topic toRedis alone" : "in no topic")
  return texts.map((text) => `${text}: ${step(text)}`)
}

/**
 * Of the missing messages, those that OpenIM gave up, as load/whereabouts.ts of tests/stacks/openim explains: the queue has taken and kept
 * them, msgtransfer has carried on later ones of the same conversation, which come one after the other, and these never.
 */
export function givenUp(missing: string[], accepted: string[], stored: string[]): string[] {
  if (missing.length === 0) return []
  const [taken, carriedOn] = [textsInTopic("toRedis"), textsInTopic("toMongo")]
  const lastStored = accepted.map((text) => stored.includes(text)).lastIndexOf(true)
  return missing.filter((text) => taken.has(text) && !carriedOn.has(text) && accepted.indexOf(text) < lastStored)
}
