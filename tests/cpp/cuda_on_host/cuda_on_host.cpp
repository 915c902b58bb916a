#include <setjmp.h>
#include <ucontext.h>

#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cuda_runtime.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace cuda_on_host {

unsigned order = 0;
std::size_t memory_bytes = std::size_t{8} << 30;

namespace {

constexpr std::size_t stack_bytes = std::size_t{256} << 10;
constexpr std::size_t usual_shared_bytes = std::size_t{48} << 10, most_shared_bytes = std::size_t{227} << 10;
constexpr unsigned most_threads = 1024;

enum class State { ready, at_block, at_warp, done };

struct Fiber {
  ucontext_t context{};
  jmp_buf jump{};
  std::unique_ptr<char[]> stack{new char[stack_bytes]};
  uint3 index;
  bool begun = false;
  State state = State::ready;
  unsigned mask = 0;
  std::uint64_t handed = 0;
};

std::deque<Fiber> fibers;  // those of a block; they stay for the next one
std::size_t running = 0;   // the one that runs
unsigned threads = 0;
std::exception_ptr thrown;
const std::function<void()>* body_of = nullptr;
std::vector<std::max_align_t> shared_memory;
std::map<void*, std::size_t> held;
std::size_t all_held = 0, most_held = 0;

// From the scheduler to a fiber and back. Jumps take no system call; AddressSanitizer follows the others alone.
#ifdef __SANITIZE_ADDRESS__
ucontext_t scheduler;
void go_on(Fiber& fiber) { swapcontext(&scheduler, &fiber.context); }
void go_back() { swapcontext(&fibers[running].context, &scheduler); }
#else
jmp_buf scheduler_jump;
[[gnu::noinline]] void go_on(Fiber& fiber) {
  if (_setjmp(scheduler_jump) != 0) return;
  if (fiber.begun) _longjmp(fiber.jump, 1);
  fiber.begun = true;
  setcontext(&fiber.context);
}
[[gnu::noinline]] void go_back() {
  if (_setjmp(fibers[running].jump) == 0) _longjmp(scheduler_jump, 1);
}
#endif

// One thread of a block after the other.
void enter() {
  for (;;) {
    try {
      (*body_of)();
    } catch (...) {
      thrown = std::current_exception();
    }
    fibers[running].state = State::done;
    go_back();
  }
}

void wait(State state) {
  fibers[running].state = state;
  go_back();
}

// Threads that have all come where they wait for one another go on.
bool release_block() {
  for (unsigned i = 0; i < threads; ++i) {
    if (fibers[i].state != State::at_block && fibers[i].state != State::done) return false;
  }
  bool any = false;
  for (unsigned i = 0; i < threads; ++i) {
    any |= fibers[i].state == State::at_block;
    if (fibers[i].state == State::at_block) fibers[i].state = State::ready;
  }
  return any;
}

bool release_warp(unsigned first) {
  const unsigned count = std::min(threads - first, static_cast<unsigned>(warpSize));
  bool any = false;
  for (unsigned i = 0; i < count; ++i) {
    const Fiber& fiber = fibers[first + i];
    if (fiber.state != State::at_warp) continue;
    const unsigned mask = fiber.mask;
    bool all = true;
    for (unsigned lane = 0; lane < warpSize; ++lane) {
      if ((mask >> lane & 1) == 0) continue;
      const bool there = lane < count && fibers[first + lane].state != State::done;
      if (!there) throw std::logic_error("a warp waits for lane " + std::to_string(lane) + ", which has ended");
      all = all && fibers[first + lane].state == State::at_warp && fibers[first + lane].mask == mask;
    }
    if (!all) continue;
    any = true;
    for (unsigned lane = 0; lane < count; ++lane) {
      if ((mask >> lane & 1) != 0) fibers[first + lane].state = State::ready;
    }
  }
  return any;
}

void run_ready(std::vector<unsigned>& sequence, std::mt19937& random) {
  if (order > 1) std::shuffle(sequence.begin(), sequence.end(), random);
  for (const unsigned i : sequence) {
    if (fibers[i].state != State::ready) continue;
    running = i;
    threadIdx = fibers[i].index;
    go_on(fibers[i]);
    if (thrown) std::rethrow_exception(std::exchange(thrown, nullptr));
  }
}

// On its own, since what calls getcontext keeps few variables.
[[gnu::noinline]] void make(Fiber& fiber) {
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack.get();
  fiber.context.uc_stack.ss_size = stack_bytes;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, enter, 0);
  fiber.begun = false;
}

void run_block() {
  std::vector<unsigned> sequence(threads);
  std::mt19937 random(order);
  for (unsigned i = 0; i < threads; ++i) {
    Fiber& fiber = fibers[i];
    fiber.index = {i % blockDim.x, i / blockDim.x % blockDim.y, i / blockDim.x / blockDim.y};
    if (fiber.state != State::done) make(fiber);  // a new one, or one that an error left on its way
    fiber.state = State::ready;
    sequence[order == 1 ? threads - 1 - i : i] = i;
  }
  std::memset(shared_memory.data(), 0xa5, shared_memory.size() * sizeof(std::max_align_t));
  for (bool alive = true; alive;) {
    run_ready(sequence, random);
    bool went_on = release_block();
    for (unsigned first = 0; first < threads; first += warpSize) went_on |= release_warp(first);
    alive =
        std::any_of(fibers.begin(), fibers.begin() + threads, [](const Fiber& f) { return f.state != State::done; });
    if (alive && !went_on) throw std::logic_error("threads of a block wait for one another for ever");
  }
}

}  // namespace

std::size_t held_bytes() { return all_held; }

cudaError_t run(const std::function<void()>& body, dim3 grid, dim3 block, std::size_t shared_bytes) {
  threads = block.x * block.y * block.z;
  const bool fits = threads > 0 && threads <= most_threads && grid.x > 0 && grid.y > 0 && grid.z > 0 &&
                    grid.x < (1u << 31) && grid.y < (1u << 16) && grid.z < (1u << 16) && block.z <= 64;
  if (!fits) return cudaErrorInvalidConfiguration;
  if (shared_bytes > most_shared_bytes) return cudaErrorInvalidValue;
  body_of = &body;
  gridDim = grid;
  blockDim = block;
  while (fibers.size() < threads) fibers.emplace_back();
  shared_memory.assign(shared_bytes / sizeof(std::max_align_t) + 1, {});
  for (blockIdx.z = 0; blockIdx.z < grid.z; ++blockIdx.z) {
    for (blockIdx.y = 0; blockIdx.y < grid.y; ++blockIdx.y) {
      for (blockIdx.x = 0; blockIdx.x < grid.x; ++blockIdx.x) run_block();
    }
  }
  return cudaSuccess;
}

void* dynamic_shared() { return shared_memory.data(); }
void wait_for_block() { wait(State::at_block); }
void wait_for_warp(unsigned mask) {
  if ((mask >> lane() & 1) == 0) throw std::logic_error("a lane waits for a warp without itself");
  fibers[running].mask = mask;
  wait(State::at_warp);
}
unsigned lane() { return static_cast<unsigned>(running % warpSize); }

std::uint64_t exchange(unsigned mask, std::uint64_t bits, unsigned from) {
  fibers[running].handed = bits;
  wait_for_warp(mask);
  const std::size_t other = running / warpSize * warpSize + from;
  if ((mask >> from & 1) == 0)
    throw std::logic_error("lane " + std::to_string(from) + " is asked, and not in the mask");
  const std::uint64_t found = fibers[other].handed;
  wait_for_warp(mask);
  return found;
}

}  // namespace cuda_on_host

using namespace cuda_on_host;

const char* cudaGetErrorString(cudaError_t error) {
  constexpr const char* names[] = {"no error", "invalid argument", "out of memory", "invalid configuration argument"};
  return names[error];
}
cudaError_t cudaGetLastError() { return cudaSuccess; }
cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}
cudaError_t cudaMallocAsync(void** data, std::size_t bytes, cudaStream_t) {
  if (bytes > memory_bytes - std::min(memory_bytes, all_held)) return cudaErrorMemoryAllocation;
  *data = ::operator new(bytes);
  std::memset(*data, 0xa5, bytes);
  held[*data] = bytes;
  all_held += bytes;
  most_held = std::max(most_held, all_held);
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}
cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const cudaMemPoolProps*) {
  static char one;
  *pool = reinterpret_cast<cudaMemPool_t>(&one);
  return cudaSuccess;
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr attribute, void*) {
  if (attribute == cudaMemPoolAttrUsedMemHigh) most_held = all_held;
  return cudaSuccess;
}
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t, cudaMemPoolAttr, void* value) {
  const std::uint64_t most = most_held;
  std::memcpy(value, &most, sizeof(most));
  return cudaSuccess;
}
cudaError_t cudaMallocFromPoolAsync(void** data, std::size_t bytes, cudaMemPool_t, cudaStream_t stream) {
  return cudaMallocAsync(data, bytes, stream);
}
cudaError_t cudaFreeAsync(void* data, cudaStream_t) {
  if (data == nullptr) return cudaSuccess;
  const auto found = held.find(data);
  if (found == held.end()) return cudaErrorInvalidValue;
  all_held -= found->second;
  held.erase(found);
  ::operator delete(data);
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* data, int value, std::size_t bytes, cudaStream_t) {
  std::memset(data, value, bytes);
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind, cudaStream_t) {
  if (bytes > 0) std::memcpy(to, from, bytes);
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int value) {
  return static_cast<std::size_t>(value) <= most_shared_bytes ? cudaSuccess : cudaErrorInvalidValue;
}
