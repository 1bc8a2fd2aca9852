/* style.c - the style sheet: light and dark scheme, narrow screens, print. Words repeat what a
 * colour means. */
#include "format/html/html.h"

/* Texts have a contrast of at least 4.5 to their background (WCAG 2.2, 1.4.3), in both schemes. */
const char *const html_style[] = {
	":root{color-scheme:light "
	"dark;--page:#f6f7f9;--card:#fff;--ink:#1c2128;--dim:#57606a;--line:#d5dbe1;--soft:#"
	"eef1f4;",
	"--link:#0a58a8;--critical:#b0001c;--error:#c2410c;--warning:#946200;--notice:#0a58a8;--"
	"info:#57606a;--none:#8b96a1;",
	"--plain:#6d87a8;--fault:#fdecec}\n",
	"@media "
	"(prefers-color-scheme:dark){:root{--page:#0d1117;--card:#161b22;--ink:#e6edf3;--dim:#"
	"9da7b3;--line:#313a45;",
	"--soft:#1f262f;--link:#7cb7ff;--critical:#ff7b86;--error:#ffa070;--warning:#e3b341;--"
	"notice:#7cb7ff;--info:#9da7b3;",
	"--none:#66717d;--plain:#5f7da3;--fault:#3a1a20}}\n",
	"*{box-sizing:border-box}\n",
	"body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 "
	"system-ui,-apple-system,'Segoe UI',Roboto,",
	"'Noto Sans',sans-serif;overflow-wrap:anywhere}\n",
	"header,main,footer,nav{max-width:72rem;margin:0 auto;padding:0 1rem}\n",
	"header{padding-top:1.5rem}\n",
	"h1{font-size:1.7rem;line-height:1.2;margin:0 0 .3rem}\n",
	"h2{font-size:1.2rem;margin:0 0 .7rem}\n",
	"h3{font-size:1rem;margin:1rem 0 .3rem}\n",
	"p{margin:.4rem 0;max-width:62rem}\n",
	"a{color:var(--link)}\n",
	".skip{position:absolute;left:-99rem}\n",
	".skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.4rem .8rem;z-index:1}\n",
	":focus-visible{outline:3px solid var(--link);outline-offset:2px}\n",
	"nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;list-style:none;margin:.8rem "
	"0;padding:0}\n",
	"section{background:var(--card);border:1px solid "
	"var(--line);border-radius:.7rem;padding:1.1rem 1.2rem;margin:1rem 0}\n",
	".dim,footer{color:var(--dim)}\n",
	"footer{padding-bottom:2rem;font-size:.9rem}\n",
	".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.7rem;"
	"margin:1rem 0;padding:0}\n",
	".tiles div{background:var(--card);border:1px solid var(--line);border-left:.35rem solid "
	"var(--none);",
	"border-radius:.7rem;padding:.6rem .9rem}\n",
	".tiles dt{color:var(--dim);font-size:.9rem}\n",
	".tiles dd{margin:0;font-size:1.7rem;line-height:1.2;font-variant-numeric:tabular-nums}\n",
	".tiles .critical{border-left-color:var(--critical)}.tiles "
	".error{border-left-color:var(--error)}",
	".tiles .warning{border-left-color:var(--warning)}.tiles "
	".notice{border-left-color:var(--notice)}\n",
	".beware{border-left:.35rem solid var(--warning);padding-left:.8rem}\n",
	".wide{overflow-x:auto;overflow-wrap:break-word}\n",
	"td.w{min-width:14rem}\n",
	".wide+.wide{margin-top:1rem}\n",
	"table{border-collapse:collapse;width:100%;font-size:.93rem}\n",
	"caption{text-align:left;color:var(--dim);padding:.2rem 0}\n",
	"th,td{text-align:left;vertical-align:top;padding:.32rem .7rem .32rem 0;border-top:1px "
	"solid ",
	"var(--line);font-weight:400}\n",
	"thead th{border-top:0;color:var(--dim);font-size:.85rem}\n",
	".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n",
	"td.b{width:22%;min-width:5rem}\n",
	".bar{display:block;width:100%;height:.8rem;margin-top:.35rem;background:var(--soft);"
	"border-radius:.2rem}\n",
	".chart{display:block;width:100%;height:8rem;background:var(--soft);border-radius:.3rem}\n",
	"figure{margin:0 0 1rem}\n",
	"figcaption{color:var(--dim);font-size:.93rem;margin-bottom:.3rem}\n",
	".axis{display:flex;justify-content:space-between;gap:1rem;color:var(--dim);font-size:."
	"85rem}\n",
	".key{display:flex;flex-wrap:wrap;gap:.2rem .8rem;list-style:none;margin:0 0 "
	".5rem;padding:0;font-size:.85rem}\n",
	"rect.critical{fill:var(--critical)}rect.error{fill:var(--error)}rect.warning{fill:var(--"
	"warning)}",
	"rect.notice{fill:var(--notice)}rect.info,rect.none{fill:var(--none)}rect.plain{fill:var(--"
	"plain)}\n",
	".badge{display:inline-block;border:1px solid currentColor;border-radius:1rem;padding:0 "
	".6rem;font-size:.85rem;",
	"white-space:nowrap;color:var(--dim)}\n",
	".badge.critical{color:var(--critical);font-weight:700}.badge.error{color:var(--error)}",
	".badge.warning{color:var(--warning)}.badge.notice{color:var(--notice)}\n",
	"code,pre,.mono{font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans "
	"Mono',monospace;font-size:.9em}\n",
	"td code,th code{white-space:nowrap}\n",
	"pre{white-space:pre-wrap;margin:.5rem 0}\n",
	"details{border-top:1px solid var(--line);padding:.3rem 0}\n",
	"summary{cursor:pointer;padding:.3rem 0}\n",
	"summary .who{color:var(--dim)}\n",
	".sessions{list-style:none;margin:0;padding:0}\n",
	".ladder td,.ladder th{font-size:.87rem;border-top-color:var(--soft)}\n",
	".ladder td,.ladder th{unicode-bidi:isolate}\n",
	".ladder .c,.ladder .v{overflow-wrap:anywhere;min-width:9rem}\n",
	".ladder .t,.ladder .p,.ladder .s{white-space:nowrap;color:var(--dim)}\n",
	".ladder .server td.v,.ladder .client td.c{font-family:ui-monospace,Menlo,Consolas,'DejaVu "
	"Sans Mono',monospace}\n",
	".ladder .note td{color:var(--dim);font-style:italic}\n",
	".ladder .fault th,.ladder .fault td{background:var(--fault)}\n",
	".mark{color:var(--critical);font-weight:700;font-family:system-ui,sans-serif;white-space:"
	"nowrap}\n",
	"@media (max-width:44rem){body{font-size:15px}section{padding:.8rem .7rem;margin:.7rem "
	"0}header,main,footer,nav{padding-left:.5rem;",
	"padding-right:.5rem}.ladder .s,.ladder .p{display:none}.ladder .c,.ladder "
	".v{min-width:7rem}td.w{min-width:8rem}.b{display:none}",
	"caption{max-width:calc(100vw - 2.6rem)}}\n",
	"@media "
	"print{:root{--page:#fff;--card:#fff;--ink:#000;--dim:#444;--line:#bbb;--soft:#eee;--link:#"
	"000;--critical:#b0001c;",
	"--error:#c2410c;--warning:#946200;--notice:#0a58a8;--none:#8b96a1;--plain:#6d87a8;--fault:"
	"#eee}nav,.skip{display:none}",
	"body{font-size:10pt}section{border:0;padding:0;margin:1rem 0}tr,figure,.tiles "
	"div{break-inside:avoid}h2,h3{break-after:avoid}",
	".wide{overflow:visible}rect,.bar,.chart,.ladder .fault "
	"td{print-color-adjust:exact;-webkit-print-color-adjust:exact}",
	"details::details-content{content-visibility:visible;display:block}}\n",
	NULL,
};
