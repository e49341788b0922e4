// The page: adds numbers to series and shows what is in them.

import { add, summaries } from "./api.ts"
import { readNumbers, shown } from "./numbers.ts"

const form = document.querySelector<HTMLFormElement>("#add")!
const message = document.querySelector<HTMLElement>("#message")!
const rows = document.querySelector<HTMLElement>("#series")!

async function show(): Promise<void> {
  const found = await summaries()
  rows.replaceChildren(
    ...found.map(({ name, count, mean, min, max }) => {
      const row = document.createElement("tr")
      row.append(...[name, shown(count), shown(mean), shown(min), shown(max)].map(cell))
      return row
    }),
  )
}

function cell(text: string): HTMLTableCellElement {
  const made = document.createElement("td")
  made.textContent = text
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

form.addEventListener("submit", (event) => {
  event.preventDefault()
  const fields = new FormData(form)
  void reported(async () => {
    const numbers = readNumbers(String(fields.get("numbers")))
    if (numbers === undefined) throw new Error("Expected numbers, such as 1, 2.5, 4")
    await add(String(fields.get("name")), numbers)
    form.reset()
    await show()
  })
})

void reported(show)
