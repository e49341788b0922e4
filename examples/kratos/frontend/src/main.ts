// The page: checks texts, shows the rules, and changes them for whoever has the token.

import { check, put, type Rule, remove, rules } from "./api.ts"
import { verdict } from "./words.ts"

const element = <Kind extends HTMLElement>(selector: string) => document.querySelector<Kind>(selector)!
const changing = element<HTMLFormElement>("#put")
const checking = element<HTMLFormElement>("#check")
const message = element("#message")
const result = element("#result")

async function show(): Promise<void> {
  element("#rules").replaceChildren(...(await rules()).map(row))
}

function row({ name, pattern }: Rule): HTMLTableRowElement {
  const made = document.createElement("tr")
  const button = document.createElement("button")
  button.textContent = "Remove"
  button.onclick = () =>
    void reported(async () => {
      await remove(name, String(new FormData(changing).get("token")))
      await show()
    })
  made.append(...[name, pattern, button].map(cell))
  return made
}

function cell(content: string | Node): HTMLTableCellElement {
  const made = document.createElement("td")
  made.append(content)
  return made
}

/** Whatever goes wrong is shown. */
async function reported(step: () => Promise<void>): Promise<void> {
  try {
    await step()
    message.textContent = ""
  } catch (error) {
    message.textContent = (error as Error).message
  }
}

checking.onsubmit = (event) => {
  event.preventDefault()
  result.textContent = ""
  void reported(async () => {
    const crossed = await check(String(new FormData(checking).get("text")))
    result.textContent = verdict(crossed)
    result.classList.toggle("crossed", crossed.length > 0)
  })
}

changing.onsubmit = (event) => {
  event.preventDefault()
  const fields = new FormData(changing)
  void reported(async () => {
    await put({ name: String(fields.get("name")), pattern: String(fields.get("pattern")) }, String(fields.get("token")))
    await show()
  })
}

void reported(show)
