// A capture loop on cv::Mat: the matcher works on the Mats' own pixels, a region of interest included.
#include <geomvision/opencv.hpp>
#include <geomvision/stereo/sgm.hpp>
#include <iomanip>
#include <iostream>

namespace gv = geomvision;

namespace {

// Stands for a camera: random dots, the right view `shift` pixels to the left of the left one.
void grab(cv::RNG& random, int shift, cv::Mat& left, cv::Mat& right) {
  left.create(240, 320, CV_8U);
  random.fill(left, cv::RNG::UNIFORM, 0, 256);
  right.create(left.size(), left.type());
  left.colRange(shift, left.cols).copyTo(right.colRange(0, left.cols - shift));
  left.colRange(0, shift).copyTo(right.colRange(left.cols - shift, left.cols));
}

}  // namespace

int main() {
  cv::RNG random(7);
  cv::Mat left, right, disparity;
  gv::stereo::SGMOptions options;
  options.max_disparity = 32;
  gv::stereo::SGM sgm(options);
  const cv::Rect region(40, 20, 240, 200);
  for (int frame = 0; frame < 3; ++frame) {
    grab(random, 4 + frame, left, right);
    gv::match(sgm, left(region), right(region), disparity);  // CV_32F, pixels, NaN where there is no estimate
    std::cout << std::fixed << std::setprecision(1) << "frame " << frame << ": "
              << disparity.at<float>(region.height / 2, region.width / 2) << " px\n";
  }
}
