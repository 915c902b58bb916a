// cv::Mat and our views are the same pixels; what does not fit is refused with a reason.
#include <cmath>
#include <functional>
#include <geomvision/opencv.hpp>
#include <geomvision/stereo/block_matching.hpp>
#include <iostream>
#include <stdexcept>
#include <string>

namespace gv = geomvision;

namespace {

int failures = 0;

void expect(bool condition, const char* what) {
  if (condition) return;
  std::cout << "failed: " << what << "\n";
  ++failures;
}

void expect_refusal(const std::function<void()>& call, const std::string& reason) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    expect(std::string(error.what()).find(reason) != std::string::npos, error.what());
    return;
  }
  expect(false, reason.c_str());
}

// Disparity in the middle of a pair shifted by 6 pixels, with pixels of type `depth`, written to a Mat of its own or to
// the left or right one.
float middle(int depth, int into) {
  cv::Mat left(60, 100, depth), right(60, 100, depth, cv::Scalar(0)), apart;
  cv::RNG random(3);
  random.fill(left, cv::RNG::UNIFORM, 0, 200);
  left.colRange(6, 100).copyTo(right.colRange(0, 94));
  gv::stereo::BlockMatchingOptions options;
  options.max_disparity = 16;
  gv::stereo::BlockMatching matcher(options);
  cv::Mat& disparity = into == 0 ? apart : into == 1 ? left : right;
  gv::match(matcher, left, right, disparity);
  if (into != 0) return disparity.at<float>(30, 50);
  const float* before = disparity.ptr<float>();
  gv::match(matcher, left, right, disparity);
  expect(disparity.ptr<float>() == before, "a second call keeps the Mat's memory");
  return disparity.at<float>(30, 50);
}

}  // namespace

int main() {
  cv::Mat image = (cv::Mat_<std::uint8_t>(3, 4) << 0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23);
  cv::Mat region = image(cv::Rect(1, 1, 2, 2));
  const gv::ImageView<std::uint8_t> view = gv::as_view<std::uint8_t>(region);
  expect(view.width() == 2 && view.height() == 2 && view.stride() == 4, "a region keeps its stride");
  view(1, 0) = 99;
  expect(image.at<std::uint8_t>(1, 2) == 99, "writing to a view writes to the Mat");
  expect(gv::as_view<float>(cv::Mat()).empty(), "an empty Mat is an empty view");
  for (const int depth : {CV_8U, CV_16U, CV_32F}) {
    for (const int into : {0, 1, 2}) expect(std::abs(middle(depth, into) - 6.0f) < 0.25f, "every pixel type and place");
  }
  expect_refusal([&] { gv::as_view<float>(image); }, "the Mat is CV_8UC1; asked for is CV_32FC1");
  expect_refusal([&] { gv::as_view<std::uint8_t>(cv::Mat(2, 2, CV_8UC3)); }, "the Mat is CV_8UC3");
  const int sizes[] = {2, 2, 2};
  expect_refusal([&] { gv::as_view<std::uint8_t>(cv::Mat(3, sizes, CV_8U)); }, "3 dimensions");
  gv::stereo::BlockMatching matcher;
  cv::Mat out;
  const cv::Mat colour(4, 4, CV_8UC3);
  expect_refusal([&] { gv::match(matcher, cv::Mat(3, sizes, CV_8U), cv::Mat(3, sizes, CV_8U), out); },
                 "3 and 3 dimensions");
  expect_refusal([&] { gv::match(matcher, colour, colour, out); }, "convert them to grey first");
  expect_refusal([&] { gv::match(matcher, image, colour, out); }, "left is CV_8UC1, right is CV_8UC3");
  std::cout << (failures ? "failed" : "passed") << "\n";
  return failures;
}
