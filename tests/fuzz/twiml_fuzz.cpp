// Answers on any bytes. As a text of a verb: what libxml2 reads of the document is the text, cleaned. As a
// document: no crash, and what is taken is written and read back as the same verbs.
#include <libxml/parser.h>
#include <libxml/tree.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "twiml/read.hpp"
#include "twiml/write.hpp"

using namespace ringctl::twiml;

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

std::string take(xmlChar* text) {
  std::string out = text != nullptr ? reinterpret_cast<const char*>(text) : "";
  xmlFree(text);
  return out;
}

void write_and_read_with_libxml2(const std::string& text) {
  const auto xml = write({{Say{.text = text, .voice = "v" + text}, Hangup{}}});
  auto* document = xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, nullptr,
                                 XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_HUGE);
  require(document != nullptr, "a document is well-formed");
  const auto* root = xmlDocGetRootElement(document);
  require(xmlChildElementCount(xmlDocGetRootElement(document)) == 2, "text makes no elements");
  const auto expected = clean(text);
  require(take(xmlNodeGetContent(root->children)) == expected, "text stays text");
  require(take(xmlGetProp(root->children, reinterpret_cast<const xmlChar*>("voice"))) == "v" + expected,
          "text stays text in an attribute");
  xmlFreeDoc(document);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  write_and_read_with_libxml2(input);
  Problem problem;
  const auto first = try_read(input, problem);
  require(first.has_value() == problem.code.empty(), "what is not taken has a problem");
  if (!first) return 0;
  const auto again = try_read(write(*first), problem);
  // Escapes can make a document longer than what was read.
  require(again ? *again == *first : problem.code == "document_too_long",
          "what was read is written the same");
  return 0;
}
