#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <stdexcept>

#include "allocations.hpp"
#include "each_isa.hpp"
#include "geomvision/isa.hpp"
#include "geomvision/stereo/sgm.hpp"

namespace gv = geomvision;
using gv::stereo::SGM;
using gv::stereo::SGMOptions;

namespace {

template <typename T>
gv::Image<T> noise(int width, int height, unsigned seed) {
  std::mt19937 random(seed);
  gv::Image<T> image(width, height);
  for (int i = 0; i < width * height; ++i) image.data()[i] = static_cast<T>(random() % 256);
  return image;
}

// The right view of a fronto-parallel wall: left pixel x lies at x - shift.
template <typename T>
gv::Image<T> shifted(const gv::Image<T>& left, int shift) {
  gv::Image<T> right = noise<T>(left.width(), left.height(), 99);
  for (int y = 0; y < left.height(); ++y) {
    for (int x = 0; x < left.width(); ++x) {
      if (x + shift >= 0 && x + shift < left.width()) right(x, y) = left(x + shift, y);
    }
  }
  return right;
}

bool equal(const gv::Image<float>& a, const gv::Image<float>& b) {
  if (a.width() != b.width() || a.height() != b.height()) return false;
  for (int i = 0; i < a.width() * a.height(); ++i) {
    if (!(a.data()[i] == b.data()[i] || (std::isnan(a.data()[i]) && std::isnan(b.data()[i])))) return false;
  }
  return true;
}

SGMOptions up_to(int max_disparity) {
  SGMOptions options;
  options.max_disparity = max_disparity;
  return options;
}

}  // namespace

TEST_CASE_TEMPLATE("a wall has its shift everywhere it is seen", T, std::uint8_t, std::uint16_t, float) {
  const auto left = noise<T>(90, 40, 1);
  for (const int shift : {0, 7, -5}) {
    SGMOptions options = up_to(16);
    options.min_disparity = -16;
    options.subpixel = "none";
    SGM sgm(options);
    const gv::Image<float> disparity = sgm(left, shifted(left, shift));
    for (int y = 0; y < 40; ++y) {
      for (int x = 16; x < 90 - 16; ++x) {
        CHECK(disparity(x, y) == shift);
        CHECK(sgm.occluded()(x, y) == 0);
        CHECK(sgm.confidence()(x, y) > 0.0f);
      }
    }
  }
}

TEST_CASE("results depend neither on threads nor on the instruction set") {
  for (const int paths : {4, 5, 8, 16}) {
    const auto left = noise<std::uint8_t>(230, 45, 5);
    auto right = shifted(left, 9);
    for (int i = 0; i < 230 * 45; i += 3) right.data()[i] = static_cast<std::uint8_t>(right.data()[i] / 2);
    SGMOptions options = up_to(67);
    options.paths = paths;
    options.num_threads = 1;
    const gv::Image<float> expected = SGM(options)(left, right);
    for (const int threads : {2, 3, 4, 8}) {
      options.num_threads = threads;
      CHECK(equal(SGM(options)(left, right), expected));
    }
    with_each_isa([&] { CHECK(equal(SGM(options)(left, right), expected)); });
  }
}

TEST_CASE("segments, bands and strips of any size give what one thread gives") {
  for (const int height : {31, 32, 33, 48, 63, 65, 97, 145}) {
    const int width = 130 + height % 7;  // two strips, and more
    const auto left = noise<std::uint8_t>(width, height, height);
    auto right = shifted(left, 5);
    for (int i = 0; i < width * height; i += 3) right.data()[i] = static_cast<std::uint8_t>(right.data()[i] / 2);
    for (const int paths : {4, 5, 8, 16}) {
      SGMOptions options = up_to(21);
      options.paths = paths;
      options.num_threads = 1;
      const gv::Image<float> expected = SGM(options)(left, right);
      for (const int threads : {2, 3, 5, 9}) {
        INFO("height ", height, ", paths ", paths, ", threads ", threads);
        options.num_threads = threads;
        SGM sgm(options);
        CHECK(equal(sgm(left, right), expected));
        CHECK(equal(sgm(left, right), expected));  // from used memory
      }
    }
  }
}

TEST_CASE("memory stays small: bands of sums, and path costs at the edge of each band") {
  const auto left = noise<std::uint8_t>(1920, 1080, 1), right = noise<std::uint8_t>(1920, 1080, 2);
  gv::Image<float> disparity(1920, 1080), confidence(1920, 1080);
  gv::Image<std::uint8_t> occluded(1920, 1080);
  const auto check_peak = [&](int paths, bool keeps_maps) {
    SGMOptions options = up_to(128);
    options.paths = paths;
    options.num_threads = 4;
    forget_peak();
    SGM sgm(options);
    if (keeps_maps) {
      sgm(left, right, disparity.view());
    } else {
      sgm(left, right, disparity.view(), confidence.view(), occluded.view());
    }
    INFO("paths ", paths, keeps_maps ? ", keeping maps: " : ": ", peak_bytes(), " bytes");
    CHECK(peak_bytes() <= (paths == 8 ? 320e6 : 40e6));
  };
  for (const int paths : {4, 5, 8}) check_peak(paths, false);
  for (const int paths : {5, 8}) check_peak(paths, true);
}

TEST_CASE("bands in tiles give what whole bands give, and confidence where the caller wants it") {
  const int width = 3000, height = 45;  // too much of it to keep the bands of two threads whole
  const auto left = noise<std::uint8_t>(width, height, 21);
  auto right = shifted(left, 9);
  for (int i = 0; i < width * height; i += 3) right.data()[i] = static_cast<std::uint8_t>(right.data()[i] / 2);
  SGMOptions options = up_to(250);
  options.paths = 4;
  options.num_threads = 1;
  SGM sgm(options);
  const gv::Image<float> expected = sgm(left, right);
  for (const int threads : {2, 8}) {
    options.num_threads = threads;
    gv::Image<float> disparity(width, height), confidence(width, height);
    gv::Image<std::uint8_t> occluded(width, height);
    SGM other(options);
    other(left, right, disparity.view(), confidence.view(), occluded.view());
    CHECK(equal(disparity, expected));
    CHECK(other.confidence().empty());
    int different = 0;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        different += confidence(x, y) != sgm.confidence()(x, y) || occluded(x, y) != sgm.occluded()(x, y);
      }
    }
    CHECK(different == 0);
  }
}

TEST_CASE("a view with gaps between its rows gives what the compact image gives") {
  const auto left = noise<std::uint16_t>(60, 30, 6), right = noise<std::uint16_t>(60, 30, 7);
  gv::Image<std::uint16_t> compact_left(40, 20), compact_right(40, 20);
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 40; ++x) {
      compact_left(x, y) = left(x + 5, y + 4);
      compact_right(x, y) = right(x + 5, y + 4);
    }
  }
  SGM sgm(up_to(8));
  gv::Image<float> canvas(50, 24);
  sgm(left.view().crop(5, 4, 40, 20), right.view().crop(5, 4, 40, 20), canvas.view().crop(3, 2, 40, 20));
  const gv::Image<float> expected = sgm(compact_left, compact_right);
  gv::Image<float> inner(40, 20);
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 40; ++x) inner(x, y) = canvas(x + 3, y + 2);
  }
  CHECK(equal(inner, expected));
  CHECK(canvas(0, 0) == 0.0f);
}

TEST_CASE("a second call of the same size allocates nothing, and an object forgets other sizes") {
  const auto left = noise<std::uint8_t>(70, 33, 8);
  const auto right = shifted(left, 4);
  SGMOptions options = up_to(20);
  options.fill = "background";
  SGM sgm(options);
  gv::Image<float> disparity(70, 33);
  sgm(left, right, disparity.view());
  const gv::Image<float> first = disparity;
  const long before = allocations();
  sgm(left, right, disparity.view());
  CHECK(allocations() == before);
  const auto small = noise<std::uint8_t>(9, 5, 9);
  CHECK(equal(sgm(small, small), SGM(options)(small, small)));
  CHECK(equal(sgm(left, right), first));
}

TEST_CASE("wrong arguments are refused with what was given and what is allowed") {
  const auto refused = [](auto&& change) {
    SGMOptions options;
    change(options);
    CHECK_THROWS_AS(SGM{options}, std::invalid_argument);
  };
  refused([](SGMOptions& o) { o.max_disparity = o.min_disparity; });
  refused([](SGMOptions& o) { o.census = "3x3"; });
  refused([](SGMOptions& o) { o.paths = 6; });
  refused([](SGMOptions& o) { o.p1 = o.p2 + 1; });
  refused([](SGMOptions& o) { o.p2 = 193; });
  refused([](SGMOptions& o) { o.subpixel = "cubic"; });
  refused([](SGMOptions& o) { o.uniqueness = 100; });
  refused([](SGMOptions& o) { o.left_right = -2; });
  refused([](SGMOptions& o) { o.median = 4; });
  refused([](SGMOptions& o) { o.speckle_range = std::nanf(""); });
  refused([](SGMOptions& o) { o.fill = "foreground"; });
  refused([](SGMOptions& o) { o.num_threads = -1; });

  SGM sgm;
  const auto image = noise<float>(10, 10, 10);
  CHECK_THROWS_WITH_AS(sgm(image, noise<float>(11, 10, 10)),
                       "SGM: left is 10x10, right is 11x10 pixels; they must be equal", std::invalid_argument);
  CHECK_THROWS_AS(sgm(gv::Image<float>(), gv::Image<float>()), std::invalid_argument);
  gv::Image<float> small(9, 10), fitting(10, 10);
  gv::Image<std::uint8_t> occluded(10, 10);
  CHECK_THROWS_AS(sgm(image, image, small.view()), std::invalid_argument);
  CHECK_THROWS_AS(sgm(image, image, fitting.view(), small.view(), occluded.view()), std::invalid_argument);
  auto taken = image;
  CHECK_THROWS_WITH_AS(sgm(taken, image, fitting.view(), taken.view(), occluded.view()),
                       "SGM: confidence or occluded lies where an image does; give it memory of its own",
                       std::invalid_argument);
  auto holed = image;
  holed(3, 4) = std::nanf("");
  CHECK_THROWS_WITH_AS(sgm(image, holed), "SGM: right holds NaN or infinity at (3, 4); fill it first",
                       std::invalid_argument);
  SGMOptions options;
  options.min_disparity = 50;
  SGM too_far(options);
  CHECK_THROWS_AS(too_far(image, image), std::invalid_argument);
}
