import type { NextConfig } from "next"

// Part of the build: pages ask the server that they come from, which passes the API on, WebSockets as well.
const { BACKEND_URL = "http://backend:4000" } = process.env

export default {
  output: "standalone",
  outputFileTracingRoot: import.meta.dirname,
  // Pictures come from the API as they are: no library that resizes them.
  images: { unoptimized: true },
  outputFileTracingExcludes: { "*": ["node_modules/@img/**", "node_modules/sharp/**"] },
  poweredByHeader: false,
  // Two builds of the same source are the same.
  generateBuildId: () => process.env.npm_package_version ?? "local",
  rewrites: async () => [{ source: "/api/:path*", destination: `${BACKEND_URL}/api/:path*` }],
  headers: async () => [
    {
      source: "/:path*",
      headers: [
        { key: "Content-Security-Policy", value: "frame-ancestors 'none'; object-src 'none'; base-uri 'self'" },
        { key: "X-Content-Type-Options", value: "nosniff" },
      ],
    },
  ],
} satisfies NextConfig
