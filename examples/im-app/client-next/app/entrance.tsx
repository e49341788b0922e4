import { type SubmitEvent, useState } from "react"
import { Api, type Login } from "../lib/api.ts"

export function Entrance({ enter }: { enter: (login: Login) => void }) {
  const [problem, setProblem] = useState("")
  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    const button = (event.nativeEvent as globalThis.SubmitEvent).submitter as HTMLButtonElement | null
    const action = button?.value === "register" ? "register" : "login"
    try {
      enter(await new Api().enter(action, String(fields.get("name")), String(fields.get("password"))))
    } catch (error) {
      setProblem((error as Error).message)
    }
  }
  return (
    <main id="entrance">
      <h1>Messages</h1>
      <form id="login" onSubmit={submit}>
        <label>
          Name <input name="name" required autoComplete="username" pattern="[a-z0-9][a-z0-9_.\-]{1,31}" />
        </label>
        <label>
          Password <input name="password" type="password" required minLength={8} autoComplete="current-password" />
        </label>
        <div>
          <button value="login">Log in</button> <button value="register">Register</button>
        </div>
      </form>
      <p className="problem" role="alert">
        {problem}
      </p>
    </main>
  )
}
