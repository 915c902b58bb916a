#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "geomvision/isa.hpp"

using namespace geomvision;

TEST_CASE("the forced instruction set is available") {
  const std::vector<Isa> sets = available_isas();
  REQUIRE(!sets.empty());
  CHECK(sets.front() == Isa::baseline);
  CHECK(std::find(sets.begin(), sets.end(), active_isa()) != sets.end());
}

#if defined(__unix__)
TEST_CASE("GEOMVISION_ISA chooses the set when it is read, and an unknown one is refused with what is allowed") {
  const Isa first = active_isa();
  const char* before = std::getenv("GEOMVISION_ISA");
  const std::string kept = before == nullptr ? "" : before;
  setenv("GEOMVISION_ISA", "baseline", 1);
  CHECK(active_isa() == first);
  CHECK(reread_isa() == Isa::baseline);
  CHECK(active_isa() == Isa::baseline);
  setenv("GEOMVISION_ISA", "mmx", 1);
  CHECK_THROWS_WITH_AS(reread_isa(), doctest::Contains("'mmx'"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(active_isa(), doctest::Contains("baseline"), std::invalid_argument);
  setenv("GEOMVISION_ISA", kept.c_str(), 1);
  CHECK(active_isa() == first);
}
#endif
