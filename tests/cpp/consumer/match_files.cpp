// Matches a pair of raw grey files and writes raw results, for tests to hold against Python byte for byte:
//     match_files METHOD WIDTH HEIGHT LEFT RIGHT OUT
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <geomvision/stereo/block_matching.hpp>
#include <geomvision/stereo/sgm.hpp>
#include <iostream>
#include <string>
#include <vector>

namespace gv = geomvision;

namespace {

std::vector<std::uint8_t> read(const char* path, std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  std::ifstream(path, std::ios::binary).read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  return bytes;
}

template <typename T>
void write(std::ofstream& file, gv::ImageView<const T> image) {
  for (int y = 0; y < image.height(); ++y) {
    file.write(reinterpret_cast<const char*>(image.row(y)), static_cast<std::streamsize>(image.width() * sizeof(T)));
  }
}

template <typename Matcher>
void match(Matcher matcher, int width, int height, char** files) {
  const std::size_t size = static_cast<std::size_t>(width) * height;
  const std::vector<std::uint8_t> left = read(files[0], size), right = read(files[1], size);
  const gv::Image<float> disparity = matcher(gv::ImageView<const std::uint8_t>(left.data(), width, height),
                                             gv::ImageView<const std::uint8_t>(right.data(), width, height));
  std::ofstream file(files[2], std::ios::binary);
  write(file, disparity.view());
  write(file, matcher.confidence());
  write(file, matcher.occluded());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  const std::string method = argv[1];
  const int width = std::atoi(argv[2]), height = std::atoi(argv[3]);
  if (method == "sgm") {
    match(gv::stereo::SGM(), width, height, argv + 4);
  } else if (method == "block_matching") {
    match(gv::stereo::BlockMatching(), width, height, argv + 4);
  } else {
    return 2;
  }
}
