"use client"

// The page: the entrance, and the room behind it.

import { useCallback, useEffect, useState } from "react"
import type { Login } from "../lib/api.ts"
import { Entrance } from "./entrance.tsx"
import { Room } from "./room.tsx"

const kept = "login"

export default function Page() {
  const [login, setLogin] = useState<Login>()
  // Only a browser has it: what the server makes is the entrance.
  useEffect(() => {
    const earlier = sessionStorage.getItem(kept)
    if (earlier !== null) setLogin(JSON.parse(earlier) as Login)
  }, [])
  const enter = (made: Login) => {
    sessionStorage.setItem(kept, JSON.stringify(made))
    setLogin(made)
  }
  const out = useCallback(() => {
    sessionStorage.removeItem(kept)
    setLogin(undefined)
  }, [])
  return login === undefined ? <Entrance enter={enter} /> : <Room key={login.token} login={login} out={out} />
}
