// Calls every target with random arguments for some time:
//
//     geomvision_fuzz [SECONDS [SEED [TARGET]]]     a failure prints the seed of its case, and
//     geomvision_fuzz --case SEED TARGET            repeats it

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "fuzz.hpp"
#include "geomvision/isa.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
extern "C" void __sanitizer_set_death_callback(void (*callback)());
#endif

std::vector<fuzz::Target>& fuzz::targets() {
  static std::vector<Target> all;
  return all;
}

namespace {

constexpr unsigned longest_case_s = 120;
std::uint64_t seed_of_case;
const char* target_of_case = "";
long refused;

void report() {
  std::fprintf(stderr, "\nfailed: repeat with: geomvision_fuzz --case %llu %s\n",
               static_cast<unsigned long long>(seed_of_case), target_of_case);
}

void report_and_abort(int signal) {
  std::fprintf(stderr, "signal %d%s", signal, signal == SIGALRM ? ": the case takes too long" : "");
  report();
  std::_Exit(1);
}

// Whether the call did what is allowed.
bool run_case(const fuzz::Target& target, std::uint64_t seed) {
  seed_of_case = seed;
  target_of_case = target.name;
  fuzz::Random random(seed);
  const std::vector<geomvision::Isa> sets = geomvision::available_isas();
  setenv("GEOMVISION_ISA",
         geomvision::name(sets[static_cast<std::size_t>(random.below(static_cast<int>(sets.size())))]), 1);
  geomvision::reread_isa();
  alarm(longest_case_s);
  try {
    target.run(random);
  } catch (const std::invalid_argument&) {
    ++refused;  // as wrong arguments must be
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s", target.name, error.what());
    report();
    return false;
  }
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string first = count > 1 ? arguments[1] : "";
  std::signal(SIGALRM, report_and_abort);
  std::signal(SIGABRT, report_and_abort);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  __sanitizer_set_death_callback(report);
#else
  std::signal(SIGSEGV, report_and_abort);
#endif
  const bool once = first == "--case";
  if (once && count != 4) {
    std::fprintf(stderr, "usage: %s [SECONDS [SEED [TARGET]]] | --case SEED TARGET\n", arguments[0]);
    return 2;
  }
  const double seconds = count > 1 && !once ? std::atof(arguments[1]) : 10.0;
  const std::uint64_t seed = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1;
  const std::string wanted = count > 3 ? arguments[3] : "";
  std::vector<fuzz::Target> chosen;
  for (const fuzz::Target& target : fuzz::targets()) {
    if (wanted.empty() || wanted == target.name) chosen.push_back(target);
  }
  if (chosen.empty()) {
    std::fprintf(stderr, "no target '%s'; there are:", wanted.c_str());
    for (const fuzz::Target& target : fuzz::targets()) std::fprintf(stderr, " %s", target.name);
    std::fprintf(stderr, "\n");
    return 2;
  }
  if (once) return run_case(chosen[0], seed) ? 0 : 1;

  const auto begin = std::chrono::steady_clock::now();
  fuzz::Random seeds(seed);
  long cases = 0;
  do {
    for (const fuzz::Target& target : chosen) {
      if (!run_case(target, seeds.bits())) return 1;
      ++cases;
    }
  } while (std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() < seconds);
  std::printf("%ld cases of %zu targets, %ld of them refused, in %.0f s from seed %llu: nothing found\n", cases,
              chosen.size(), refused, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
              static_cast<unsigned long long>(seed));
  return 0;
}
