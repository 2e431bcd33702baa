// The precompiled header that every test program shares belongs to this file: main.cpp must compile its own.
#include "support/catch.hpp"
