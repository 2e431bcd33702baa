#pragma once
// The style of every page: light and dark by the reader's own wish, readable in print without backgrounds. No name
// or figure depends on colour. Private to this room.

#include <string_view>

namespace ringctl::report {

/// Text is at least 4.5 : 1 against its ground and bars 3 : 1, in both modes.
inline constexpr std::string_view k_style = R"css(
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--soft:#57606a;--line:#d0d7de;--head:#f3f5f7;--bar:#6f93c4;--s1:#174a8b;--s2:#c2410c;--s3:#808890;--s4:#4d7c3a}
@media (prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#e6e9ed;--soft:#a3acb6;--line:#3a424b;--head:#1f242a;--bar:#4f7bb5;--s1:#7db4f5;--s2:#f0883e;--s3:#8b949e;--s4:#7fc065}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:80rem;margin:0 auto;padding:1.5rem 1rem}
h1{font-size:1.6rem;line-height:1.25;margin:0}
h2{font-size:1.15rem;margin:2rem 0 .5rem}
p{margin:.25rem 0}
.soft,figcaption p,caption,dd.change{color:var(--soft)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr));gap:.75rem;margin:1.25rem 0}
.cards div{border:1px solid var(--line);border-radius:.4rem;padding:.6rem .8rem}
.cards dt{color:var(--soft);font-size:.9rem}
.cards dd{margin:0;font-size:.9rem}
.cards .figure{font-size:1.4rem;line-height:1.3;font-variant-numeric:tabular-nums}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1.5rem}
figure{margin:0;min-width:0}
figcaption{font-weight:600}
figcaption p{font-weight:400;font-size:.9rem}
.legend{list-style:none;margin:.25rem 0;padding:0;display:flex;flex-wrap:wrap;gap:.25rem 1rem;font-size:.9rem}
.legend svg{width:.8rem;height:.8rem;margin-inline-end:.35rem;vertical-align:-.05rem}
svg.chart{display:block;width:100%;height:auto}
svg text{fill:var(--soft);font:13px system-ui,sans-serif}
.grid{stroke:var(--line);stroke-width:1}
.s1{fill:var(--s1)}
.s2{fill:var(--s2)}
.s3{fill:var(--s3)}
.s4{fill:var(--s4)}
.hit{fill:none;pointer-events:all}
details{margin:.5rem 0;font-size:.9rem}
summary{cursor:pointer;color:var(--soft)}
.scroll{overflow-x:auto;max-width:100%;border:1px solid var(--line);border-radius:.4rem}
details .scroll{max-height:20rem;overflow-y:auto}
:focus-visible{outline:3px solid var(--s1);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.95rem}
caption{text-align:start;padding:.5rem .6rem}
th,td{padding:.35rem .6rem;text-align:start;vertical-align:top;border-top:1px solid var(--line)}
thead th{background:var(--head);vertical-align:bottom;border-top:0}
tbody th{font-weight:600}
td bdi,tbody th bdi,tfoot th bdi{display:inline-block;max-width:22rem;overflow-wrap:break-word}
table{overflow-wrap:normal}
.n{text-align:end;font-variant-numeric:tabular-nums;white-space:nowrap;overflow-wrap:normal}
thead .n{white-space:normal}
tfoot th,tfoot td{border-top:2px solid var(--fg);font-weight:600}
svg.share{display:block;width:100%;height:.25rem;margin-top:.1rem}
svg.share rect{fill:var(--bar)}
svg.spark{display:block;width:6rem;height:1.3rem}
svg.spark polyline{fill:none;stroke:var(--s1);stroke-width:1.5;vector-effect:non-scaling-stroke}
.words{display:grid;grid-template-columns:minmax(8rem,auto) 1fr;gap:.35rem 1rem;margin:0}
.words dt{font-weight:600}
.words dd{margin:0}
footer{margin-top:2rem;font-size:.9rem}
@media (max-width:40rem){.words{display:block}.words dd{margin-bottom:.5rem}}
@media print{:root{color-scheme:light;--bg:#fff;--fg:#000;--soft:#444;--line:#999;--head:#fff;--bar:#888;--s1:#174a8b;--s2:#c2410c;--s3:#808890;--s4:#4d7c3a}
main{max-width:none;padding:0}
.scroll,details .scroll{overflow:visible;max-height:none;border:0}
details{display:none}
thead{display:table-header-group}
tfoot{display:table-row-group}
tr,figure,.cards div,.words dt,.words dd{break-inside:avoid}
h2{break-after:avoid}
table{font-size:.7rem}
th,td{padding:.2rem .3rem}
.n{white-space:normal}
svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";

/// SHA-256 of k_style in base64, as the page's Content-Security-Policy names it: without it no browser applies a word
/// of it. A test says what it has to be.
inline constexpr std::string_view k_style_hash = "12ga4pKGEEq7rQG6OwGb6xm38hhRdIhqW9aC/lAhXWA=";

}  // namespace ringctl::report
