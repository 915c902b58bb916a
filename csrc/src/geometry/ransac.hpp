#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "geomvision/parallel.hpp"

// LO-RANSAC (Fischler & Bolles 1981; Chum, Matas & Kittler 2003) whose result depends on its seed and on nothing else.
//
// A problem says what a model is and how to make, judge and better it; several threads ask it at once:
//
//     struct Problem {
//       using Model = …;                                     // default-constructible, cheap to copy
//       static constexpr int sample_size = 5, max_models = 10;
//       int size() const;                                    // how many data there are
//       int solve(const int* sample, Model* models) const;   // minimal solver: how many models were found
//       double score(const Model&, double to_beat) const;    // gain, more is better, at most size(); may give up early
//                                                            // and return any number <= to_beat
//       double refine(Model&) const;                         // local optimisation; the support of the model it leaves
//     };                                                     // (inliers, may be soft), < 0: nothing came out
namespace geomvision::geometry {

/// A random number that is a function of (seed, counter): SplitMix64 (Steele, Lea & Flood, OOPSLA 2014).
inline std::uint64_t random_bits(std::uint64_t seed, std::uint64_t counter) {
  std::uint64_t z = seed + (counter + 1) * 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

/// `count` different indices below `size`, a function of (seed, iteration).
inline void draw_sample(std::uint64_t seed, int iteration, int size, int count, int* sample) {
  std::uint64_t counter = static_cast<std::uint64_t>(iteration) << 16;
  for (int i = 0; i < count;) {
    const auto high = static_cast<std::uint64_t>(random_bits(seed, counter++) >> 32);
    sample[i] = static_cast<int>((high * static_cast<std::uint64_t>(size)) >> 32);
    if (std::find(sample, sample + i, sample[i]) == sample + i) ++i;
  }
}

struct RansacOptions {
  std::uint64_t seed = 0;
  int min_iterations = 64;
  int max_iterations = 20000;
  double confidence = 0.9999;  ///< that a sample without outliers was drawn, in (0, 1)
  double effort = 2.0;         ///< that many times the samples which confidence asks for: samples are noisy, too
  int patience = 0;  ///< above 0: stop after so many times the samples that led to the best, counted from 2048
  bool second_chances = false;  ///< refine the best runners-up, too: where refinements end in different places
  int num_threads = 0;
};

template <typename Model>
struct RansacResult {
  bool found = false;
  Model model{};
  double score = 0.0, support = 0.0;  ///< of `model`; support as the problem counts it
  int iterations = 0;
};

/// How many samples of `sample_size` hold one without outliers, with the options' confidence.
inline int iterations_needed(const RansacOptions& options, double inlier_ratio, int sample_size) {
  const double all_good = std::pow(std::min(1.0, std::max(0.0, inlier_ratio)), sample_size);
  const int least = std::min(options.min_iterations, options.max_iterations);
  if (all_good >= 1.0 - 1e-12) return least;
  const double needed = options.effort * std::log(1.0 - options.confidence) / std::log1p(-all_good);
  if (!(needed < options.max_iterations)) return options.max_iterations;
  return std::max(least, static_cast<int>(std::ceil(needed)));
}

/// How many samples hold each of the sets that can be drawn, with the options' confidence: more tell nothing new.
inline int iterations_of_all(const RansacOptions& options, int size, int sample_size) {
  double sets = 1.0;
  for (int i = 0; i < sample_size; ++i) sets *= static_cast<double>(size - i) / (i + 1);
  if (sets < 1.5) return 1;
  const double all = sets * (std::log(sets) - std::log(1.0 - options.confidence));
  return all < options.max_iterations ? static_cast<int>(std::ceil(all)) : options.max_iterations;
}

/// The best model of as many samples as confidence asks for, each new best one refined. Samples are taken in rounds
/// that know only what earlier ones found: the result does not depend on threads. A search that goes on from an earlier
/// one's `best` takes as many samples again, and refines minimal models above `to_beat`.
template <typename Problem>
RansacResult<typename Problem::Model> ransac(const Problem& problem, const RansacOptions& options,
                                             RansacResult<typename Problem::Model> best = {}, double to_beat = 0.0) {
  using Model = typename Problem::Model;
  constexpr int round = 32, least_patience = 2048;
  struct Candidate {
    Model model{};
    double score = -1.0;
  };
  if (problem.size() < Problem::sample_size) return best;
  std::array<Candidate, round> candidates;
  double best_raw = to_beat;  // of the minimal models: a refined one would bar the way to others yet to be refined
  const int most = iterations_of_all(options, problem.size(), Problem::sample_size);
  const bool goes_on = best.iterations > 0;
  int needed = goes_on ? std::min(most, 2 * best.iterations) : most, improved = best.iterations;
  std::vector<Candidate> others;  // the best of their rounds, by score
  const auto refine = [&](const Candidate& candidate) {
    Model refined = candidate.model;
    const double support = problem.refine(refined);
    if (support < 0) return false;
    const double score = problem.score(refined, best.score);
    if (score <= best.score) return false;
    best = {true, refined, score, support, best.iterations};
    improved = best.iterations;
    return true;
  };
  while (best.iterations < needed &&
         (options.patience == 0 || best.iterations < options.patience * std::max(improved, least_patience))) {
    const int first = best.iterations, count = std::min(round, most - first);
    const auto draw = [&](int begin, int end) {
      Model models[Problem::max_models];
      int sample[Problem::sample_size];
      for (int i = begin; i < end; ++i) {
        Candidate& candidate = candidates[static_cast<std::size_t>(i)];
        candidate.score = options.second_chances ? 0.8 * best_raw : best_raw;
        draw_sample(options.seed, first + i, problem.size(), Problem::sample_size, sample);
        const int found = problem.solve(sample, models);
        for (int k = 0; k < found; ++k) {
          const double score = problem.score(models[k], candidate.score);
          if (score > candidate.score) candidate = {models[k], score};
        }
      }
    };
    parallel_for(count, options.num_threads, std::ref(draw), 4);
    best.iterations += count;
    const auto winner = std::max_element(candidates.begin(), candidates.begin() + count,
                                         [](const Candidate& a, const Candidate& b) { return a.score < b.score; });
    if (winner->score > best_raw) {
      best_raw = winner->score;
      if (refine(*winner) && !goes_on) {
        needed = std::min(most, iterations_needed(options, best.support / problem.size(), Problem::sample_size));
      }
    } else if (options.second_chances && winner->score > 0.8 * best_raw) {
      const auto place = std::find_if(others.begin(), others.end(),
                                      [&](const Candidate& other) { return other.score < winner->score; });
      if (others.size() < 32 || place != others.end()) others.insert(place, *winner);
      if (others.size() > 32) others.pop_back();
    }
  }
  const auto chances = static_cast<std::size_t>(3 + best.iterations / 512);
  for (std::size_t i = 0; i < std::min(chances, others.size()); ++i) refine(others[i]);
  return best;
}

}  // namespace geomvision::geometry
