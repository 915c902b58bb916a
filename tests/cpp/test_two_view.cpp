#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "geometry/ransac.hpp"
#include "geometry/real_roots.hpp"
#include "geometry/small_solvers.hpp"
#include "geometry/symmetric_eigen.hpp"
#include "geomvision/geometry/two_view.hpp"

using namespace geomvision::geometry;

namespace {

struct Scene {
  std::vector<double> points0, points1;
  Matrix3 turn = rotation(vector3(0.1, -0.15, 0.05));
  Vector3 shift = vector3(0.6, -0.2, 0.1);
  Intrinsics camera{500, 510, 320, 200};

  Scene(int count, double outliers, double noise, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> any(0.0, 1.0);
    std::normal_distribution<double> error(0.0, noise > 0 ? noise : 1.0);
    shift = shift * (1.0 / norm(shift));
    for (int i = 0; i < count; ++i) {
      const double z = 3.0 + 5.0 * any(random);
      const double x = 640 * any(random), y = 400 * any(random);
      const Vector3 p = vector3((x - 320) / 500 * z, (y - 200) / 510 * z, z), q = turn * p + shift;
      const bool wrong = any(random) < outliers;
      const auto noisy = [&](double v) { return noise > 0 ? v + error(random) : v; };
      points0.insert(points0.end(), {noisy(x), noisy(y)});
      points1.push_back(wrong ? 640 * any(random) : noisy(500 * q[0] / q[2] + 320));
      points1.push_back(wrong ? 400 * any(random) : noisy(510 * q[1] / q[2] + 200));
    }
  }

  Points view0() const { return {points0.data(), {static_cast<std::ptrdiff_t>(points0.size() / 2), 2}}; }
  Points view1() const { return {points1.data(), {static_cast<std::ptrdiff_t>(points1.size() / 2), 2}}; }

  double difference(const Entries& entries) const {
    const Matrix3 truth = skew(shift) * turn * std::sqrt(0.5), found{entries};
    return std::min(norm(found - truth), norm(found + truth));
  }
};

}  // namespace

TEST_CASE("Real roots of polynomials whose roots are known") {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> any(-3.0, 3.0);
  for (int trial = 0; trial < 200; ++trial) {
    std::array<double, 11> p{1.0};
    std::vector<double> truth;
    int degree = 0;
    const auto times = [&](double c0, double c1, double c2, int d) {  // p *= c0 + c1 x + c2 x²
      std::array<double, 11> made{};
      for (int i = 0; i <= degree; ++i) {
        made[i] += c0 * p[i];
        made[i + 1] += c1 * p[i];
        if (d == 2) made[i + 2] += c2 * p[i];
      }
      p = made;
      degree += d;
    };
    for (int i = 0; i < 4; ++i) {
      const double root = 1.4 * i - 2.0 + 0.2 * any(random);  // apart, or they are hardly determined
      truth.push_back(root);
      times(-root, 1.0, 0.0, 1);
    }
    for (int i = 0; i < 3; ++i) times(1.0 + any(random) * any(random) + 9.0, any(random), 1.0, 2);  // none real
    double roots[10];
    const int count = RealRoots<10>()(p, roots);
    std::sort(truth.begin(), truth.end());
    REQUIRE(count == 4);
    std::sort(roots, roots + 4);
    for (int i = 0; i < 4; ++i) CHECK(roots[i] == doctest::Approx(truth[static_cast<std::size_t>(i)]).epsilon(1e-5));
  }
  // (x − 2)(x² + 1e4)³: from a bound of 2e12 Newton's method alone would need more steps than it is given.
  double far[7];
  REQUIRE(RealRoots<7>()({-2e12, 1e12, -6e8, 3e8, -6e4, 3e4, -2, 1}, far) == 1);
  CHECK(far[0] == doctest::Approx(2.0).epsilon(1e-12));
  double none[10];
  CHECK(RealRoots<10>()({1, 0, 1}, none) == 0);
  CHECK(RealRoots<10>()({}, none) == 0);
  CHECK(RealRoots<10>()({std::numeric_limits<double>::quiet_NaN(), 1}, none) == 0);
}

TEST_CASE("Decompositions put together give what was taken apart") {
  std::mt19937 random(5);
  std::normal_distribution<double> any;
  for (int trial = 0; trial < 50; ++trial) {
    Matrix3 a;
    for (double& value : a.values) value = any(random);
    if (trial % 3 == 1) a = skew(vector3(any(random), any(random), any(random)));
    if (trial % 3 == 2) a = a * 1e-8;
    const Svd3 svd(a);
    Matrix3 s;
    for (int i = 0; i < 3; ++i) s(i, i) = svd.s[i];
    CHECK(norm(svd.u * s * transposed(svd.v) - a) < 1e-12 * norm(a));
    CHECK(norm(svd.u * transposed(svd.u) - Matrix3::identity()) < 1e-12);
    CHECK(svd.s[0] >= svd.s[1]);
    CHECK(svd.s[1] >= svd.s[2]);
    const Matrix3 square = transposed(a) * a;
    const SymmetricEigen<3> eigen(square);
    for (int i = 0; i < 3; ++i)
      CHECK(std::abs(eigen.values[i] - svd.s[2 - i] * svd.s[2 - i]) < 1e-12 * svd.s[0] * svd.s[0]);
    Matrix<5, 9> rows;
    for (double& value : rows.values) value = any(random);
    Matrix<4, 9> basis;
    REQUIRE(null_space<5, 9>(rows, basis));
    CHECK(norm(rows * transposed(basis)) < 1e-12);
    CHECK(norm(basis * transposed(basis) - Matrix<4, 4>::identity()) < 1e-12);
    for (int k = 0; k < 9; ++k) rows(4, k) = rows(0, k) + rows(1, k);
    CHECK_FALSE(null_space<5, 9>(rows, basis));
  }
  Vector3 x = vector3(1, 2, 3);
  CHECK_FALSE(solve_positive(Matrix3{{1, 2, 0, 2, 1, 0, 0, 0, 1}}, x));
}

TEST_CASE("Samples hold different indices and depend on seed and iteration alone") {
  int first[5], again[5], other[5];
  std::vector<int> seen(7);
  for (int i = 0; i < 500; ++i) {
    draw_sample(11, i, 7, 5, first);
    draw_sample(11, i, 7, 5, again);
    draw_sample(12, i, 7, 5, other);
    CHECK(std::equal(first, first + 5, again));
    for (int k = 0; k < 5; ++k) ++seen[static_cast<std::size_t>(first[k])];
    std::sort(first, first + 5);
    CHECK(std::unique(first, first + 5) == first + 5);
  }
  for (const int count : seen) CHECK(std::abs(count - 2500 / 7) < 60);
}

TEST_CASE("The essential matrix is found, and is the same for any number of threads") {
  const Scene exact(60, 0.0, 0.0, 1);
  const auto sharp = estimate_essential(exact.view0(), exact.view1(), exact.camera, exact.camera, {}, {});
  REQUIRE(sharp.found);
  CHECK(exact.difference(sharp.matrix) < 1e-9);
  const Scene scene(600, 0.5, 0.5, 2);
  const auto one = estimate_essential(scene.view0(), scene.view1(), scene.camera, scene.camera, {}, {}, {}, 1);
  REQUIRE(one.found);
  CHECK(scene.difference(one.matrix) < 0.01);
  CHECK(one.noise_px == doctest::Approx(0.5).epsilon(0.15));
  for (const int threads : {2, 3, 8}) {
    const auto more = estimate_essential(scene.view0(), scene.view1(), scene.camera, scene.camera, {}, {}, {}, threads);
    CHECK(more.matrix == one.matrix);
    CHECK(more.errors_px == one.errors_px);
    CHECK(more.iterations == one.iterations);
  }
}

TEST_CASE("Few noisy matches have rival poses, many have none") {
  const Scene many(300, 0.3, 0.5, 5);
  CHECK(estimate_essential(many.view0(), many.view1(), many.camera, many.camera, {}, {}).rivals.empty());
  std::size_t rivals = 0;
  for (unsigned seed = 0; seed < 8; ++seed) {
    const Scene few(9, 0.0, 3.0, seed);
    const auto found = estimate_essential(few.view0(), few.view1(), few.camera, few.camera, {}, {});
    for (const RivalPose& rival : found.rivals) {
      CHECK(rival.log_odds > -5.02);
      CHECK(norm(Vector3{rival.translation}) == doctest::Approx(1.0));
    }
    rivals += found.rivals.size();
  }
  CHECK(rivals > 0);
}

TEST_CASE("No more samples are drawn than there are sets of matches") {
  RansacOptions options;
  CHECK(iterations_of_all(options, 5, 5) == 1);
  CHECK(iterations_of_all(options, 6, 5) == 67);  // 6 (ln 6 - ln 1e-4): the coupon collector's
  CHECK(iterations_of_all(options, 2000, 5) == options.max_iterations);
  const Scene scene(7, 0.0, 0.5, 3);
  CHECK(estimate_fundamental(scene.view0(), scene.view1()).iterations == 1);
  const Scene five(5, 0.0, 0.5, 3);
  CHECK(estimate_essential(five.view0(), five.view1(), five.camera, five.camera, {}, {}).iterations == 1);
}

TEST_CASE("The score is MSAC's gain averaged over thresholds") {
  const Scene scene(300, 0.3, 0.5, 5);
  const TwoViewOptions options;
  const auto essential = estimate_essential(scene.view0(), scene.view1(), scene.camera, scene.camera, {}, {});
  const auto fundamental = estimate_fundamental(scene.view0(), scene.view1());
  const auto homography = estimate_homography(scene.view0(), scene.view1());
  for (const TwoViewEstimate* found : {static_cast<const TwoViewEstimate*>(&essential), &fundamental, &homography}) {
    REQUIRE(found->found);
    double gain = 0.0;
    for (const double error : found->errors_px) {
      const double left = std::max(0.0, 1.0 - std::abs(error) / options.max_error_px);
      gain += left * left;
    }
    CHECK(found->score == doctest::Approx(gain).epsilon(1e-4));
  }
}

TEST_CASE("A fundamental matrix is refined whatever its scale") {
  const Scene scene(200, 0.0, 0.5, 6);
  const Matrix3 start{estimate_fundamental(scene.view0(), scene.view1()).matrix};
  const auto expected = refine_fundamental(scene.view0(), scene.view1(), start.values);
  REQUIRE(expected.found);
  for (const double scale : {1e-200, -1e-12, 1e9, 1e200}) {
    const auto found = refine_fundamental(scene.view0(), scene.view1(), (start * scale).values);
    REQUIRE(found.found);
    CHECK(std::min(norm(Matrix3{found.matrix} - Matrix3{expected.matrix}),
                   norm(Matrix3{found.matrix} + Matrix3{expected.matrix})) < 1e-9);
  }
  CHECK_THROWS_AS(refine_fundamental(scene.view0(), scene.view1(), Entries{}), std::invalid_argument);
}

TEST_CASE("Of the four motions one has the matches before both cameras") {
  const Scene scene(100, 0.0, 0.0, 4);
  const auto found = estimate_essential(scene.view0(), scene.view1(), scene.camera, scene.camera, {}, {});
  const auto motions = decompose_essential(found.matrix);
  std::vector<double> rays0, rays1;
  for (std::size_t i = 0; i < scene.points0.size(); i += 2) {
    rays0.insert(rays0.end(), {(scene.points0[i] - 320) / 500, (scene.points0[i + 1] - 200) / 510});
    rays1.insert(rays1.end(), {(scene.points1[i] - 320) / 500, (scene.points1[i + 1] - 200) / 510});
  }
  const auto votes =
      cheirality_votes({rays0.data(), {100, 2}}, {rays1.data(), {100, 2}}, {motions.begin(), motions.end()}, 1e-6);
  int winners = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    if (votes[i] < 100) continue;
    ++winners;
    CHECK(norm(Matrix3{motions[i].rotation} - scene.turn) < 1e-8);
    CHECK(norm(Vector3{motions[i].translation} - scene.shift) < 1e-8);
  }
  CHECK(winners == 1);
}

TEST_CASE("Too few matches find nothing; what is no number is refused") {
  const Scene scene(4, 0.0, 0.0, 1);
  CHECK_FALSE(estimate_essential(scene.view0(), scene.view1(), scene.camera, scene.camera, {}, {}).found);
  CHECK_FALSE(estimate_fundamental(scene.view0(), scene.view1()).found);
  Scene hole(20, 0.0, 0.0, 1);
  hole.points1[3] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(estimate_homography(hole.view0(), hole.view1()), std::invalid_argument);
  const Scene fine(20, 0.0, 0.0, 1);
  CHECK_THROWS_AS(estimate_essential(fine.view0(), fine.view1(), {0, 1, 0, 0}, fine.camera, {}, {}),
                  std::invalid_argument);
  TwoViewOptions options;
  options.confidence = 1.0;
  CHECK_THROWS_AS(estimate_fundamental(fine.view0(), fine.view1(), options), std::invalid_argument);
  CHECK_THROWS_AS(estimate_fundamental(fine.view0(), scene.view1()), std::invalid_argument);
}
