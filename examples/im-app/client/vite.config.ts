import { defineConfig } from "vite"

// While it is developed, the API is a process of the same machine.
export default defineConfig({ server: { port: 5173, proxy: { "/api": { target: "http://127.0.0.1:4000", ws: true } } } })
