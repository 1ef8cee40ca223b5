/** The stylesheet of the pages under /admin, in addition to the common one: denser and wider, with tables, forms and a chart. */
export const adminStylesheet = `
:root { --good: #17603b; --good-ground: #dff3e6; --bad: #9b1c1c; --bad-ground: #fde4e1; --warn: #6b4700; --warn-ground: #ffedc2; --plain-ground: #eceae3;
  --row: #f8f6f1; --bar-good: #0b7a6f; --bar-refused: #b97f10; --bar-failed: #c0392b; }
@media (prefers-color-scheme: dark) {
  :root { --good: #a5e3bf; --good-ground: #17382a; --bad: #ffb4ab; --bad-ground: #4a1f1c; --warn: #ffdf9e; --warn-ground: #453510; --plain-ground: #2a3235;
    --row: #20272a; --bar-good: #4fbfb3; --bar-refused: #d9a63f; --bar-failed: #ef7d70; }
}
.admin { display: block; min-height: 100vh; padding: 0 0 4rem; font-size: .9375rem; line-height: 1.45; }
.skip { position: absolute; left: 1rem; top: -10rem; z-index: 1; padding: .6rem 1rem; background: var(--sheet); border-radius: 0 0 .5rem .5rem; }
.skip:focus { top: 0; }
.top { background: var(--sheet); border-bottom: 1px solid var(--line); }
.top > div { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.75rem; max-width: 78rem; margin: 0 auto; padding: .5rem 1.5rem; }
.admin .brand { margin: 0; padding: .35rem 0; width: auto; justify-content: flex-start; color: var(--ink); text-decoration: none; font-size: 1rem; overflow-wrap: anywhere; }
.top nav { flex: 1 1 auto; min-width: 0; }
.top ul { list-style: none; display: flex; flex-wrap: wrap; gap: .125rem; margin: 0; padding: 0; }
.top nav a { display: block; padding: .5rem .75rem; border-radius: .4rem; color: var(--quiet); text-decoration: none; font-weight: 600; }
.top nav a:hover { background: var(--ground); color: var(--ink); }
.top nav a[aria-current] { color: var(--accent); background: var(--ground); }
.admin main { width: auto; max-width: 78rem; margin: 0 auto; padding: 1.5rem 1.5rem 0; background: none; border: 0; border-radius: 0; box-shadow: none; }
.head { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .5rem 1.5rem; margin: 0 0 1rem; }
.head h1 { margin: 0; font-size: 1.5rem; min-width: 0; }
.actions { display: flex; flex-wrap: wrap; gap: .5rem; }
.crumbs ol { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem .5rem; margin: 0 0 .35rem; padding: 0; font-size: .875rem; }
.crumbs li { min-width: 0; overflow-wrap: anywhere; }
.crumbs li + li::before { content: "/"; margin-right: .5rem; color: var(--quiet); }
.admin .lead { max-width: 52rem; }
.states { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem .6rem; margin-top: -.35rem; }
.admin .button { min-height: 40px; padding: .42rem 1rem; }
.button.danger { background: var(--bad-ground); border-color: var(--bad); color: var(--bad); }
.button.danger:hover { background: var(--bad); border-color: var(--bad); color: var(--sheet); }
.link { padding: .25rem .1rem; border: 0; background: none; color: var(--accent); font: inherit; text-decoration: underline; text-underline-offset: .15em; cursor: pointer; min-height: 28px; }
.link:hover { color: var(--accent-strong); }
.link:focus-visible, .copy:focus-visible, select:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.admin .panel, .admin main > .table, .admin .empty { background: var(--sheet); border: 1px solid var(--line); border-radius: .65rem; }
.panel { min-width: 0; padding: 1rem 1.25rem 1.1rem; margin: 0 0 1.25rem; }
.panel > h2 { margin: 0 0 .75rem; font-size: 1.05rem; }
.admin .panel > :last-child { margin-bottom: 0; }
.panel h3 { margin: 0 0 .5rem; font-size: 1rem; font-weight: 600; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 0 1.25rem; align-items: start; }
.flash, .problem, .remark, .admin .notice, .all-well { padding: .65rem 1rem; margin: 0 0 1.25rem; border-radius: .5rem; border: 1px solid transparent; }
.flash, .all-well { background: var(--good-ground); color: var(--good); }
.problem { background: var(--bad-ground); color: var(--bad); }
.remark { background: var(--plain-ground); }
.problem p, .remark p { margin: 0 0 .35rem; }
.problem p:last-child, .remark p:last-child { margin: 0; }
.quiet { color: var(--quiet); }
.badge { display: inline-block; padding: .05rem .55rem; border-radius: 1rem; font-size: .8125rem; font-weight: 600; white-space: nowrap; background: var(--plain-ground); color: var(--ink); }
.badge.good { background: var(--good-ground); color: var(--good); }
.badge.bad { background: var(--bad-ground); color: var(--bad); }
.badge.warn { background: var(--warn-ground); color: var(--warn); }
.admin .table { margin: 0 0 1rem; }
.admin main > .table { margin-bottom: 1.25rem; }
.admin table { font-size: .875rem; }
.admin th, .admin td { padding: .5rem 1rem; white-space: normal; vertical-align: top; }
.admin th { white-space: nowrap; }
.admin td { max-width: 24rem; overflow-wrap: anywhere; min-width: 5.5rem; }
.admin tbody tr:last-child td { border-bottom: 0; }
.admin tbody tr:hover { background: var(--row); }
.panel .table th:first-child, .panel .table td:first-child { padding-left: 0; }
.panel .table th:last-child, .panel .table td:last-child { padding-right: 0; }
.admin time { white-space: nowrap; font-variant-numeric: tabular-nums; }
.admin .empty { padding: 1.5rem; color: var(--quiet); text-align: center; }
.panel .empty { padding: .25rem 0 .75rem; border: 0; text-align: left; background: none; }
.empty p:last-child { margin: 0; }
.detail, .agent { color: var(--quiet); }
.admin .agent { display: inline-block; max-width: 20rem; }
.filters { display: flex; flex-wrap: wrap; align-items: end; gap: .75rem; margin: 0 0 1rem; }
.filters > div { flex: 0 1 11.5rem; min-width: 0; }
.filters > div:has([type=search]) { flex: 1 1 20rem; max-width: 34rem; }
.nowrap { white-space: nowrap; }
.filters label, .field label, .rules label { display: block; margin-bottom: .2rem; font-size: .875rem; font-weight: 600; }
.admin input, .admin select { width: 100%; min-height: 40px; padding: .4rem .65rem; border: 1px solid var(--edge); border-radius: .45rem; background: var(--sheet); color: var(--ink); font: inherit; }
.admin input[type=hidden] { display: none; }
.admin [aria-invalid=true] { border: 2px solid var(--bad); }
.pager { display: flex; gap: 1.5rem; justify-content: flex-end; margin: 0 0 1.25rem; font-weight: 600; }
.form { display: grid; gap: .9rem; max-width: 34rem; justify-items: start; }
.form .field { width: 100%; }
.field small { display: block; margin-top: .2rem; }
.inline { display: inline; }
.facts { margin: 0 0 .75rem; gap: .3rem 1.25rem; grid-template-columns: fit-content(14rem) minmax(0, 1fr); }
.copy { user-select: all; padding: .1rem .4rem; border-radius: .3rem; background: var(--plain-ground); overflow-wrap: anywhere; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
.register { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 0 1.5rem; }
.admin .value input { flex: 1 1 14rem; width: auto; }
.facts dd > div { margin-bottom: .25rem; }
.admin details { margin: .75rem 0 0; padding: 0; border: 0; font-size: inherit; }
.admin details[open] > summary { margin-bottom: .6rem; }
.admin summary { color: var(--accent); padding: .2rem 0; }
.confirm > div { max-width: 36rem; padding: .9rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--ground); }
.confirm p { margin: 0 0 .75rem; }
td .confirm > div { min-width: 13rem; }
td .confirm { margin: 0; }
.steps { display: flex; flex-wrap: wrap; gap: .1rem 1rem; align-items: baseline; margin: 0; padding: 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(8rem, 100%), 1fr)); gap: .75rem; margin: 0 0 1.25rem; }
.tile { margin: 0; padding: .8rem 1.1rem; background: var(--sheet); border: 1px solid var(--line); border-radius: .65rem; color: var(--quiet); }
.tile strong { display: block; color: var(--ink); font-size: 1.6rem; line-height: 1.2; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile.bad { background: var(--bad-ground); border-color: transparent; color: var(--bad); } .tile.bad strong { color: var(--bad); }
.tile.warn { background: var(--warn-ground); border-color: transparent; color: var(--warn); } .tile.warn strong { color: var(--warn); }
.attention ul { list-style: none; margin: 0; padding: 0; }
.attention > ul > li { padding: .1rem 0 .1rem .9rem; border-left: 4px solid var(--line); }
.attention > ul > li + li { margin-top: 1rem; }
.attention > ul > .bad { border-color: var(--bar-failed); } .attention > ul > .warn { border-color: var(--bar-refused); }
.attention p { margin: 0 0 .25rem; }
.attention li li { margin: .15rem 0; overflow-wrap: anywhere; }
.attention li li small { display: block; }
.links { margin: 0; padding-left: 1.1rem; }
.membership + .membership { margin-top: 1rem; padding-top: 1rem; border-top: 1px solid var(--line); }
.why .sentence { margin-bottom: .75rem; }
td .why { display: block; }
.timeline { list-style: none; margin: 0; padding: 0; }
.timeline > li { position: relative; padding: 0 0 1rem 1.5rem; border-left: 2px solid var(--line); margin-left: .4rem; }
.timeline > li:last-child { padding-bottom: 0; border-color: transparent; }
.timeline > li::before { content: ""; position: absolute; left: -.45rem; top: .3rem; width: .75rem; height: .75rem; border-radius: 50%; background: var(--accent); }
.timeline > .bad::before { background: var(--bar-failed); }
.timeline p { margin: 0 0 .35rem; font-weight: 600; }
.timeline p small { font-weight: 400; white-space: nowrap; }
.timeline .facts { font-size: .875rem; margin: 0; }
.rules { display: grid; gap: .6rem; width: 100%; }
.form:has(.rules) { max-width: none; }
.rules fieldset { display: flex; flex-wrap: wrap; gap: .6rem; margin: 0; padding: .5rem .9rem .9rem; border: 1px solid var(--line); border-radius: .5rem; min-width: 0; }
.rules legend { padding: 0 .35rem; color: var(--quiet); font-size: .875rem; }
.rules fieldset > div { flex: 1 1 9rem; min-width: 0; }
.rules .long { flex: 3 1 16rem; }
.chart { margin: 0; }
.plot { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .6rem; }
.scale { display: flex; flex-direction: column; justify-content: space-between; text-align: right; color: var(--quiet); font-size: .8125rem; line-height: 1; font-variant-numeric: tabular-nums; }
.plot svg { display: block; width: 100%; height: 11rem; border-bottom: 1px solid var(--edge); overflow: visible; }
.plot .grid { stroke: var(--line); vector-effect: non-scaling-stroke; fill: none; }
.plot .hover { fill: transparent; } .plot g:hover .hover { fill: var(--plain-ground); }
.plot .signed-in { fill: var(--bar-good); } .plot .refused { fill: var(--bar-refused); } .plot .failed { fill: var(--bar-failed); }
.days span { white-space: nowrap; }
.days { display: flex; justify-content: space-between; margin-top: .35rem; padding-left: 2rem; color: var(--quiet); font-size: .8125rem; font-variant-numeric: tabular-nums; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .6rem 0 0; padding: 0; }
.legend i { display: inline-block; width: .75rem; height: .75rem; margin-right: .4rem; border-radius: .15rem; }
.legend .signed-in { background: var(--bar-good); } .legend .refused { background: var(--bar-refused); } .legend .failed { background: var(--bar-failed); }
.admin .support { width: auto; max-width: 78rem; margin: 0 auto; padding: 0 1.5rem; text-align: left; }
@media (max-width: 40rem) {
  .admin { background: var(--ground); }
  .top > div { padding: .4rem 1rem; gap: 0 1rem; justify-content: space-between; }
  .top nav { order: 3; flex-basis: 100%; }
  .top nav a { padding: .45rem .5rem; }
  .admin main, .admin .support { padding: 1rem 1rem 0; }
  .panel { padding: .9rem 1rem 1rem; }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts dd { margin-bottom: .5rem; }
  .filters > div, .filters > div:has([type=search]), .rules .long { flex: 1 1 100%; max-width: none; }
  .days span:nth-child(2) { display: none; }
  .admin .table:not(.chart .table) table { min-width: 44rem; }
}
`
