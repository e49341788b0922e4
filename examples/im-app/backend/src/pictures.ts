// Which files are pictures: by what they begin with, whatever the client says.

export const pictureBytes = 10 << 20

const beginnings: [type: string, pattern: RegExp][] = [
  ["image/png", /^\x89PNG\r\n\x1a\n/],
  ["image/jpeg", /^\xff\xd8\xff/],
  ["image/gif", /^GIF8[79]a/],
  ["image/webp", /^RIFF[^]{4}WEBP/],
]

export function pictureType(bytes: Uint8Array): string | undefined {
  const beginning = Buffer.from(bytes.subarray(0, 16)).toString("latin1")
  return beginnings.find(([, pattern]) => pattern.test(beginning))?.[0]
}
