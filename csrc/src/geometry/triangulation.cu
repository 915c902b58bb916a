#include <algorithm>
#include <vector>

#include "cuda/launch.cuh"
#include "geometry/checked_points.hpp"
#include "geometry/point_of_many.hpp"
#include "geometry/point_of_two.hpp"
#include "geomvision/cuda/triangulation.hpp"

// A thread has a point. What a block found goes through shared memory, so that it is written side by side.

namespace geomvision::cuda {
namespace {

using namespace geomvision::geometry;  // NOLINT(google-build-using-namespace)

constexpr int block = 128;
constexpr int most_numbers = 9;  // of a result of a point

// Results of a run; null where one is not asked for.
template <typename T>
struct Arrays {
  T *points, *errors, *angle, *covariance;
  std::uint8_t* reasons;

  explicit Arrays(const TriangulatedPoints<T>& out)
      : points(out.points.data()),
        errors(out.errors_px.data()),
        angle(out.angle_rad.data()),
        covariance(out.covariance.data()),
        reasons(out.reasons.data()) {}
};

// All threads of the block come here; `first` is its first point, `count` how many there are in all.
template <typename T, int numbers>
__device__ void give(const double (&values)[numbers], std::int64_t first, std::int64_t count, T* out) {
  if (out == nullptr) return;
  T* room = shared<T>();
  const int thread = static_cast<int>(threadIdx.x);
  for (int k = 0; k < numbers; ++k) room[numbers * thread + k] = static_cast<T>(values[k]);
  __syncthreads();
  const auto here = static_cast<int>(min(static_cast<std::int64_t>(block), count - first)) * numbers;
  for (int k = thread; k < here; k += block) out[numbers * first + k] = room[k];
  __syncthreads();
}

template <typename T>
__device__ void give_point(const Vector3<double>& point, const double (&c)[6], double angle, double reason,
                           std::int64_t first, std::int64_t count, const Arrays<T>& out) {
  give({point.x, point.y, point.z}, first, count, out.points);
  give({c[0], c[1], c[2], c[1], c[3], c[4], c[2], c[4], c[5]}, first, count, out.covariance);
  const std::int64_t at = first + threadIdx.x;
  if (at >= count) return;
  if (out.angle != nullptr) out.angle[at] = static_cast<T>(angle);
  if (out.reasons != nullptr) out.reasons[at] = static_cast<std::uint8_t>(static_cast<int>(reason));
}

template <typename T>
__device__ Pixel<double> pixel(const T* points, std::int64_t at, std::int64_t count) {
  const T* p = points + 2 * (at < count ? at : count - 1);
  return {static_cast<double>(p[0]), static_cast<double>(p[1])};
}

template <typename T>
__global__ void __launch_bounds__(block)
    triangulate_each(TwoViews views, PointRules rules, Wanted wanted, const T* points0, const T* points1,
                     std::int64_t count, Arrays<T> out) {
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * block, at = first + threadIdx.x;
  const PointFound<double> found =
      point_of_two(views, rules, wanted, pixel(points0, at, count), pixel(points1, at, count));
  give({found.error0, found.error1}, first, count, out.errors);
  give_point(found.point, found.covariance, found.angle, found.reason, first, count, out);
}

struct Constraint {
  double F[9];
};

template <typename T>
__global__ void __launch_bounds__(block) correct_each(Constraint constraint, const T* points0, const T* points1,
                                                      std::int64_t count, T* corrected0, T* corrected1) {
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * block, at = first + threadIdx.x;
  Pixel<double> p0 = pixel(points0, at, count), p1 = pixel(points1, at, count);
  correct_or_lose(constraint.F, p0, p1);
  __syncthreads();  // results may lie where the points do
  give({p0.x, p0.y}, first, count, corrected0);
  give({p1.x, p1.y}, first, count, corrected1);
}

// Views reach the device's memory as parameters: nothing waits, and a graph may hold it.
constexpr int views_at_once = 16;
struct SomeViews {
  ViewOfMany views[views_at_once];
};

__global__ void place_views(SomeViews some, int count, ViewOfMany* views) {
  const int i = static_cast<int>(threadIdx.x);
  if (i < count) views[i] = some.views[i];
}

struct Origin {
  double at[3];
};

template <typename T>
__global__ void __launch_bounds__(block)
    triangulate_many(const ViewOfMany* views, int view_count, PointRules rules, Origin origin, const T* points,
                     std::int64_t count, Vector3<double>* room, Arrays<T> out) {
  const std::int64_t threads = static_cast<std::int64_t>(gridDim.x) * block;
  const std::int64_t thread = static_cast<std::int64_t>(blockIdx.x) * block + threadIdx.x;
  const auto directions = [=](int view) -> Vector3<double>& { return room[view * threads + thread]; };
  for (std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * block; first < count; first += threads) {
    const std::int64_t at = first + threadIdx.x;
    const auto seen = [=](int view) { return pixel(points + 2 * count * view, at, count); };
    const PointOfMany<double> found = point_of_many<double>(views, view_count, rules, origin.at, seen, directions);
    give_point(found.point, found.covariance, found.angle, found.reason, first, count, out);
    for (int view = 0; view < view_count && out.errors != nullptr && at < count; ++view) {
      const double* c = views[view].centre;
      const Pixel<double> p = seen(view);
      const Sight<double> s = sight(
          views[view].M, Vector3<double>{found.point.x - (origin.at[0] + c[0]), found.point.y - (origin.at[1] + c[1]),
                                         found.point.z - (origin.at[2] + c[2])});
      out.errors[at * view_count + view] = static_cast<T>(length_of(s.x - p.x, s.y - p.y));
    }
  }
}

}  // namespace

template <typename T>
void triangulate(const Projection& projection0, const Projection& projection1, DeviceView<const T, 2> points0,
                 DeviceView<const T, 2> points1, const TriangulatedPoints<T>& out, const TriangulationOptions& options,
                 Stream stream) {
  const PairRun run(projection0, projection1, points0, points1, out, options);
  const Arrays<T> arrays(out);
  launch(triangulate_each<T>, blocks(run.count, block), block, block * most_numbers * sizeof(T), stream, run.views,
         run.rules, wanted_of(arrays, run.rules), points0.data(), points1.data(), static_cast<std::int64_t>(run.count),
         arrays);
}

template <typename T>
void triangulate_views(TensorView<const double, 3> projections, DeviceView<const T, 3> points,
                       const TriangulatedPoints<T>& out, const TriangulationOptions& options, Stream stream) {
  const char* op = "triangulate_views";
  Origin origin{};
  const std::vector<ViewOfMany> views = views_of(projections, op, origin.at);
  check_many(op, options.method, points, projections.size(0));
  const std::ptrdiff_t count = points.size(1);
  check_results(op, out, count, points.size(0));
  const PointRules rules = checked(options, op);
  const int all = static_cast<int>(views.size());
  const StreamMemory<ViewOfMany> there(views.size(), stream);
  for (int first = 0; first < all; first += views_at_once) {
    SomeViews some{};
    const int some_count = std::min(views_at_once, all - first);
    std::copy_n(views.begin() + first, some_count, some.views);
    launch(place_views, 1, 32, 0, stream, some, some_count, there.data() + first);
  }
  constexpr unsigned most_blocks = 2048;  // each thread of which has room for its views
  const unsigned grid = std::min(blocks(count, block), most_blocks);
  const StreamMemory<Vector3<double>> room(views.size() * grid * block, stream);
  launch(triangulate_many<T>, grid, block, block * most_numbers * sizeof(T), stream, there.data(), all, rules, origin,
         points.data(), static_cast<std::int64_t>(count), room.data(), Arrays<T>(out));
}

template <typename T>
void correct_matches(const Entries& F, DeviceView<const T, 2> points0, DeviceView<const T, 2> points1,
                     DeviceView<T, 2> corrected0, DeviceView<T, 2> corrected1, Stream stream) {
  const CorrectionRun run(F, points0, points1, corrected0, corrected1);
  Constraint constraint{};
  std::copy(run.F.begin(), run.F.end(), constraint.F);
  launch(correct_each<T>, blocks(run.count, block), block, block * most_numbers * sizeof(T), stream, constraint,
         points0.data(), points1.data(), static_cast<std::int64_t>(run.count), corrected0.data(), corrected1.data());
}

#define GEOMVISION_POINTS_OF(T)                                                                                      \
  template void triangulate(const Projection&, const Projection&, DeviceView<const T, 2>, DeviceView<const T, 2>,    \
                            const TriangulatedPoints<T>&, const TriangulationOptions&, Stream);                      \
  template void triangulate_views(TensorView<const double, 3>, DeviceView<const T, 3>, const TriangulatedPoints<T>&, \
                                  const TriangulationOptions&, Stream);                                              \
  template void correct_matches(const Entries&, DeviceView<const T, 2>, DeviceView<const T, 2>, DeviceView<T, 2>,    \
                                DeviceView<T, 2>, Stream)
GEOMVISION_POINTS_OF(float);
GEOMVISION_POINTS_OF(double);
#undef GEOMVISION_POINTS_OF

}  // namespace geomvision::cuda
