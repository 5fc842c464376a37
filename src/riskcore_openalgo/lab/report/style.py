"""How a report looks: one sheet, light and dark by the reader's own setting, for a desk and for a phone."""

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--paper:#f7f7f5;--card:#fff;--ink:#1c2127;--dim:#626a73;--faint:#a9afb6;--rule:#e4e5e2;
--mark:#2f6fb3;--fill:#2f6fb322;--good:#23855b;--bad:#c0433a;--stop:#c0433a;--target:#23855b;--cell:#101418;
--gain:#3a9a70;--loss:#d2695f}
@media(prefers-color-scheme:dark){:root{--paper:#14171a;--card:#1c2024;--ink:#e7e9ea;--dim:#9aa2aa;--faint:#5d656d;
--rule:#2d3237;--mark:#6aa9e9;--fill:#6aa9e926;--good:#4db487;--bad:#e8786d;--stop:#e8786d;--target:#4db487;
--cell:#fff;--gain:#2b7d5a;--loss:#b0483f}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1180px;margin:0 auto;padding:20px 16px 60px}
h1{font-size:1.55rem;line-height:1.25;margin:.2em 0;overflow-wrap:anywhere}
h2{font-size:1.12rem;margin:2.2em 0 .7em}
h3{font-size:.92rem;margin:0 0 .5em;font-weight:600}
p{margin:.3em 0;max-width:75ch}p,h2,h3,a,summary,.chip{overflow-wrap:anywhere}.quiet{color:var(--dim);font-size:.88rem}
nav{display:flex;flex-wrap:wrap;gap:4px 14px;margin:12px 0 18px;font-size:.88rem}
a{color:var(--mark);text-decoration:none}a:hover{text-decoration:underline}
.tiles{margin:14px 0 10px;display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:10px}
.tile,.card{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:12px 14px;min-width:0}
.tile b{display:block;font-size:1.08rem;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.tile span{color:var(--dim);font-size:.82rem}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,340px),1fr));gap:12px}
.months{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,250px),1fr));gap:12px}
:is(.grid,.columns,.split) :is(th,td):first-child{padding-left:2px}
:is(.grid,.columns,.split) :is(th,td):last-child{padding-right:2px}
.split{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,2fr);gap:12px}
.columns{columns:3 340px;column-gap:12px}.columns .card{break-inside:avoid}
.card{margin:0 0 12px}.grid .card,.months .card{margin:0}
.gain{color:var(--good)}.loss{color:var(--bad)}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;width:100%;font-size:.86rem;font-variant-numeric:tabular-nums}
th,td{padding:5px 8px;text-align:left;border-bottom:1px solid var(--rule);vertical-align:top}
tr:last-child td{border-bottom:0}
th{color:var(--dim);font-weight:500;white-space:nowrap}
td.n,th.n{text-align:right;white-space:nowrap}
th:first-child,td:first-child{padding-left:2px}th:last-child,td:last-child{padding-right:2px}
:is(.grid,.columns,.split) :is(th,td){padding:5px 4px}
summary{cursor:pointer;color:var(--mark);padding:3px 0}
.year summary{font-size:.9rem}.year .months{margin:6px 0 12px}
td.t{white-space:nowrap}td.w{min-width:15ch;overflow-wrap:anywhere}:is(.grid,.columns) td.w{min-width:9ch}
.chip{display:inline-block;border:1px solid var(--rule);border-radius:9px;padding:0 7px;font-size:.8rem;
margin-right:4px}
svg{display:block;width:100%;height:auto}
svg text{font-size:11.5px;fill:var(--ink)}svg .dim{fill:var(--dim)}svg .faint{fill:var(--dim)}
svg .halo{paint-order:stroke;stroke:var(--card);stroke-width:3px}
svg .cell{fill:var(--cell);font-size:10.5px}
.rule{stroke:var(--rule)}.zero{stroke:var(--faint)}
.mark,.bad-line{fill:none;stroke:var(--mark);stroke-width:1.8;stroke-linejoin:round}.bad-line{stroke:var(--bad)}
.fill{fill:var(--fill)}.fill-bad{fill:var(--bad);opacity:.18}.mark-dot,.mark-fill{fill:var(--mark)}
.good{fill:var(--gain)}.bad{fill:var(--loss)}.even{fill:var(--faint)}
.good-dot{fill:var(--good);fill-opacity:.7}.bad-dot{fill:var(--bad);fill-opacity:.7}
.wick{stroke-width:1}.wick.up,.wick.down{stroke:var(--faint)}.body.up{fill:var(--card);stroke:var(--dim);stroke-width:.8}
.body.down{fill:var(--dim)}
.stop{fill:none;stroke:var(--stop);stroke-width:1.8}
.target{stroke:var(--target);stroke-width:1.4;stroke-dasharray:5 4}
.entry,.exit{fill:none;stroke-width:2.6}.entry{stroke:var(--mark)}.exit{stroke:var(--ink)}
.key{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:.84rem;color:var(--dim);margin-bottom:8px}
.key svg{width:26px;height:12px;display:inline-block;vertical-align:middle;margin-right:5px}
.narrow{display:none}
@media(max-width:1000px){.split{display:block}}@media(max-width:800px){.tiles{grid-template-columns:1fr 1fr}}
@media(max-width:620px){main{padding:14px 10px 40px}.wide{display:none}.narrow{display:block}
.tile b{font-size:1.02rem}}
@media print{body{background:#fff}.card,.tile{break-inside:avoid}nav{display:none}}
"""
