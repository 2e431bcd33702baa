#pragma once
// libcurl's handles, freed when they go. Internal to this room.

#include <curl/curl.h>

#include <memory>

namespace ringctl::http {

template <auto Free>
struct FreedBy {
  template <class T>
  void operator()(T* thing) const {
    Free(thing);
  }
};

using Easy = std::unique_ptr<CURL, FreedBy<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, FreedBy<curl_multi_cleanup>>;
using List = std::unique_ptr<curl_slist, FreedBy<curl_slist_free_all>>;
using UrlHandle = std::unique_ptr<CURLU, FreedBy<curl_url_cleanup>>;
using Text = std::unique_ptr<char, FreedBy<curl_free>>;

}  // namespace ringctl::http
