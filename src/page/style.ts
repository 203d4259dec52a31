/**
 * The style of the page. Colours have a contrast of 4.5 to 1 at least (WCAG 2.2 AA), and say nothing that words beside them do not say.
 */
export const STYLE = `
:root{color-scheme:light dark;--back:#fff;--text:#1c2733;--dim:#556270;--line:#d5dce3;--soft:#f3f6f9;--link:#0b5394;
--current:#1f6f43;--outdated:#8a5300;--flight:#0b5394;--failed:#b3261e;--left:#c9d2da;--note:#fff4d6}
@media (prefers-color-scheme:dark){:root{--back:#12181f;--text:#e3e9ef;--dim:#a3b0bd;--line:#33404d;--soft:#1b242e;--link:#8ec5ff;
--current:#6fcf97;--outdated:#f2b84b;--flight:#8ec5ff;--failed:#ff9d94;--left:#3c4a58;--note:#3a2f10}}
*{box-sizing:border-box}
body{margin:0 auto;padding:0 1.25rem 3rem;max-width:90rem;background:var(--back);color:var(--text);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem 1.25rem;padding:1rem 0 .5rem;border-bottom:1px solid var(--line)}
h1{margin:0;font-size:1.5rem}
h2{margin:1.75rem 0 .5rem;font-size:1.1rem}
header p,.sums,.note,.dim{margin:0}
header p,.dim{color:var(--dim)}
#connection{margin-left:auto}
a{color:var(--link)}
.note{padding:.5rem .75rem;border-left:4px solid var(--outdated);background:var(--note)}
#notes .note{margin-top:.75rem}
.note:not(p){padding:0;border:0;background:none;color:var(--outdated)}
.sums{display:flex;flex-wrap:wrap;gap:.5rem;padding:1rem 0 .5rem;list-style:none}
.sums li{padding:.4rem .9rem;border:1px solid var(--line);border-radius:.5rem;background:var(--soft)}
.sums b{font-size:1.35rem;font-variant-numeric:tabular-nums}
.sums .current b,.verdict.current{color:var(--current)}
.sums .outdated b,.verdict.outdated{color:var(--outdated)}
.sums .in-flight b{color:var(--flight)}
.sums .failed b,.sums .conflict b,.verdict.conflict{color:var(--failed)}
.verdict.skipped,.verdict.unknown{color:var(--dim)}
.verdict{font-weight:600}
section:empty{display:none}
.bars{margin:0;padding:0;list-style:none;overflow-x:auto}
.bars li{display:grid;grid-template-columns:minmax(7rem,14rem) minmax(6rem,20rem) 10rem minmax(12rem,1fr);gap:0 1rem;
align-items:center;padding:.2rem 0;font-variant-numeric:tabular-nums}
.long{max-height:20rem;overflow-y:auto}
.bars span{overflow-wrap:anywhere}
.bar{display:block;width:100%;height:.8rem;border-radius:.2rem;background:var(--left)}
.bar .current{fill:var(--current)}.bar .in-flight{fill:var(--flight)}.bar .failed{fill:var(--failed)}
.wide{overflow-x:auto}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .75rem .3rem 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;overflow-wrap:anywhere}
thead th{color:var(--dim);font-weight:600;overflow-wrap:normal}
@media (min-width:45rem){#waiting th:first-child{min-width:15rem}}
tbody th{font-weight:inherit}
#workloads{min-width:52rem;table-layout:fixed}
#workloads thead th:nth-child(1){width:13%}#workloads thead th:nth-child(2){width:17%}
#workloads thead th:nth-child(3){width:10%}#workloads thead th:nth-child(4){width:8%}#workloads thead th:nth-child(5){width:15%}
#workloads tbody tr:hover{background:var(--soft)}
#filter{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:end}
#filter label{display:grid;color:var(--dim)}
input,select,button{min-height:2rem;padding:.2rem .5rem;border:1px solid var(--dim);border-radius:.3rem;background:var(--back);
color:var(--text);font:inherit}
select{max-width:16rem}
nav{display:flex;gap:1rem;padding-top:.75rem}
code,pre{font:13px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,monospace}
code{padding:.1rem .3rem;background:var(--soft);border-radius:.2rem;overflow-wrap:anywhere}
pre{margin:0;padding:.75rem;background:var(--soft);overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere}
dialog{width:min(64rem,94vw);max-height:88vh;padding:1rem;border:1px solid var(--line);border-radius:.5rem;
background:var(--back);color:var(--text)}
dialog::backdrop{background:#0008}
dialog form{display:flex;justify-content:space-between;align-items:center;padding-bottom:.75rem}
dialog h2{margin:0;overflow-wrap:anywhere}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;padding:.5rem;background:var(--back)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:45rem){.bars li{grid-template-columns:1fr 1fr;padding:.4rem 0}#connection{margin-left:0}body{padding:0 .75rem 2rem}}
@media (prefers-reduced-motion:no-preference){tr.new{animation:new 2s}@keyframes new{from{background:var(--note)}}}
`;
