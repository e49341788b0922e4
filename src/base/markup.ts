// Text for terminals, XML and HTML that may hold anything: what is put into markup is escaped, but for markup made here.

import { stripVTControlCharacters } from "node:util"

/** A class, because an object of any other shape may come from a file that a test wrote. */
export class Markup {
  constructor(readonly text: string) {}
}

type Part = Markup | Part[] | string | number | undefined

/** Puts the parts into a template; lists one after the other, undefined as nothing. */
export function markup(fixed: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(fixed.reduce((text, piece, at) => text + written(parts[at - 1]) + piece))
}

function written(part: Part): string {
  if (part === undefined) return ""
  if (part instanceof Markup) return part.text
  return Array.isArray(part) ? part.map(written).join("") : escaped(String(part))
}

function escaped(text: string): string {
  return plainText(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;").replace(/'/g, "&#39;")
}

/** Without colours and cursor movements; other characters that XML does not allow, in which tests may deal, become �. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\r\n/g, "\n")
    .replace(/(?![\t\n])[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, "\uFFFD")
}

/** On one line, whatever was in it. */
export function oneLine(text: string): string {
  return plainText(text).replace(/\s+/g, " ").trim()
}
