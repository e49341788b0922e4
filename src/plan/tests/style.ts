// How the report's page looks, in light and in dark.

export const suitesStyle = `
:root {
  --paper: #fff; --ink: #1c2128; --faint: #5b6470; --line: #d5dae1; --raised: #f4f6f8;
  --passed: #1a7f37; --failed: #c2212e; --bar: #5a7fb5; --mark: #1c2128;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --ink: #dde3ea; --faint: #98a2ae; --line: #343b44; --raised: #1d232a;
    --passed: #4cc06a; --failed: #ff7b7f; --bar: #5f8fd0; --mark: #dde3ea;
  }
}
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 64rem; padding: 1.5rem; }
header { border-left: .4rem solid; padding-left: 1rem; }
header.passed { border-color: var(--passed); }
header.failed { border-color: var(--failed); }
header p { color: var(--faint); margin: 0; }
h1 { font-size: 1.8rem; margin: 0; }
h2 { border-top: 1px solid var(--line); font-size: 1.25rem; margin: 2rem 0 .75rem; padding-top: 1rem; }
small { color: var(--faint); font-size: .85rem; font-weight: normal; }
a { color: inherit; }
table { border-collapse: collapse; margin: 1.5rem 0 0; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .75rem .3rem 0; text-align: left; vertical-align: middle; }
th { font-weight: 600; overflow-wrap: anywhere; }
thead th { color: var(--faint); font-size: .85rem; font-weight: normal; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.wide { padding-right: 0; width: 35%; }
.badge { border: 1px solid; border-radius: 1rem; font-size: .8rem; font-weight: 600; padding: .05rem .6rem; white-space: nowrap; }
.badge.passed { color: var(--passed); }
.badge.failed { color: var(--failed); }
.bar { background: var(--raised); height: .7rem; position: relative; }
.bar div { background: var(--bar); height: 100%; min-width: 1px; }
.bar.marked::after { background: var(--mark); bottom: -.2rem; content: ""; left: 50%; position: absolute; top: -.2rem; width: 2px; }
.note { background: var(--raised); border-left: .25rem solid var(--bar); margin: .5rem 0; padding: .3rem .75rem; }
details { margin: .5rem 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }
details.failed > summary { color: var(--failed); font-weight: 600; }
pre { background: var(--raised); font: .85rem/1.4 ui-monospace, monospace; margin: .4rem 0; overflow-wrap: anywhere; padding: .6rem .8rem; white-space: pre-wrap; }
ul { margin: .4rem 0; padding-left: 1.4rem; }
li { overflow-wrap: anywhere; }
`
