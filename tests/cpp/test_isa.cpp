#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "each_isa.hpp"
#include "geomvision/isa.hpp"

using namespace geomvision;

TEST_CASE("the forced instruction set is available") {
  const std::vector<Isa> sets = available_isas();
  REQUIRE(!sets.empty());
  CHECK(sets.front() == Isa::baseline);
  CHECK(std::find(sets.begin(), sets.end(), active_isa()) != sets.end());
}

TEST_CASE("GEOMVISION_ISA chooses the set when it is read, and an unknown one is refused with what is allowed") {
  const Isa first = active_isa();
  {
    const ForcedIsa kept;
    ForcedIsa::set("baseline");
    CHECK(active_isa() == first);
    CHECK(reread_isa() == Isa::baseline);
    CHECK(active_isa() == Isa::baseline);
    ForcedIsa::set("mmx");
    CHECK_THROWS_WITH_AS(reread_isa(), doctest::Contains("'mmx'"), std::invalid_argument);
    CHECK_THROWS_WITH_AS(active_isa(), doctest::Contains("baseline"), std::invalid_argument);
  }
  CHECK(active_isa() == first);
}

TEST_CASE("a test that forces instruction sets leaves the one that was forced before") {
  const ForcedIsa kept("baseline");
  std::vector<Isa> seen;
  with_each_isa([&] { seen.push_back(active_isa()); });
  CHECK(seen == available_isas());
  CHECK(active_isa() == Isa::baseline);
}
