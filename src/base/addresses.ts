// Addresses that people give: what is in order, and how one is shown that may hold a password.

import { Problem } from "./problem.js"

const hidden = "***@"

/**
 * A text without the users and passwords of the addresses in it, however odd: a name alone, @, %, / in the password, no scheme,
 * as a value in another address's query.
 */
export function withoutCredentials(text: string): string {
  return (
    text
      .replace(/\/\/[^\s/?#'"<>]*@/g, `//${hidden}`)
      // A password with / ? or # in it; a number there is a port, and an @ in a path (module@version) is none of a password.
      .replace(/\/\/[^\s/:@]+:(?!\d{1,5}(?:[/?#,;|)\]]|$))[^\s'"<>]*@/g, `//${hidden}`)
      .replace(/%2F%2F(?:(?!%2F|%3F|%23|&)\S)*%40/gi, `%2F%2F${hidden}`)
      // NAME:PASSWORD@HOST alone, or as a proxy's variable. An image with its digest looks like it.
      .replace(/(^|proxy=['"]?)[^\s/@:]+:(?!\/\/)\S*@(?!sha\d+:)/gi, `$1${hidden}`)
  )
}

/** A password in an address would end in layers and logs, so it is refused here. */
export function address(url: string, subject: string): string {
  const shown = withoutCredentials(url)
  if (shown !== url || /^[^/]*@|^[a-z]+:\/\/[^/]*@/i.test(url)) {
    throw new Problem(`${subject}: the address ${shown} holds credentials`, "use one without")
  }
  const pattern = /^(https?|ftp|file):\/\/[A-Za-z0-9._~:/?#[\]&%+,;=-]*$/
  if (!pattern.test(url)) throw new Error(`${subject}: address "${url}" is not valid: expected http://… or https://…`)
  return url.replace(/\/+$/, "")
}
