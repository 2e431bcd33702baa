#pragma once
// What Python's own readers make of what this room writes: they share no code with it.

#include <nlohmann/json.hpp>
#include <string>

#include "support/catch.hpp"
#include "support/process.hpp"

namespace ringctl::report::test {

/// Runs a script that finds `input` in the file sys.argv[1]; its output as JSON.
inline nlohmann::json python(const std::string& script, const std::string& input) {
  const ringctl::test::Machine machine;
  const auto file = machine.file("input", input);
  ringctl::test::ProcessOptions options;
  options.program = "/usr/bin/python3";
  options.environment = {{"PYTHONUTF8", "1"}};
  const auto result = machine.run({"-c", script, file.string()}, options);
  INFO(result.err);
  REQUIRE(result.status == 0);
  return nlohmann::json::parse(result.out);
}

/// A page as a browser would find it: {"rows": [[texts of cells]], "tags": {name: count}, "live": [what could
/// run or fetch], "open": [elements that were not closed], "ids": [...], "style_hash": of the style there is,
/// "csp": ...}.
inline nlohmann::json read_page(const std::string& html) {
  return python(R"py(
import base64, hashlib, json, sys
from html.parser import HTMLParser
VOID = {'meta', 'br', 'link', 'input', 'hr', 'img'}
class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.rows, self.tags, self.live, self.ids = [], [], {}, [], []
        self.cell, self.style, self.csp = None, '', ''
    def see(self, tag, attributes):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        if tag in ('script', 'img', 'iframe', 'object', 'embed', 'link', 'form', 'a', 'base', 'use', 'image'):
            self.live.append(tag)
        for name, value in attributes:
            if name.startswith('on') or name in ('href', 'src', 'style', 'action', 'xlink:href', 'srcdoc'):
                self.live.append(tag + ' ' + name)
            if name == 'id': self.ids.append(value)
            if name == 'content' and ('http-equiv', 'Content-Security-Policy') in attributes: self.csp = value
    def handle_starttag(self, tag, attributes):
        self.see(tag, attributes)
        if tag not in VOID: self.open.append(tag)
        if tag == 'tr': self.rows.append([])
        if tag in ('td', 'th'): self.cell = ''
    def handle_startendtag(self, tag, attributes): self.see(tag, attributes)
    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag: self.live.append('closed by data: ' + tag)
        if tag in ('td', 'th'):
            self.rows[-1].append(self.cell)
            self.cell = None
    def handle_data(self, text):
        if self.open and self.open[-1] == 'style': self.style += text
        elif self.cell is not None: self.cell += text
page = Page()
page.feed(open(sys.argv[1], encoding='utf-8', newline='').read())
page.close()
print(json.dumps({'rows': page.rows, 'tags': page.tags, 'live': page.live, 'open': page.open, 'ids': page.ids,
  'csp': page.csp, 'style_hash': base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()}))
)py",
                html);
}

}  // namespace ringctl::report::test
