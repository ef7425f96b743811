// Golden pictures of the first scenario. Beside each stands what else its pixels depend on: fonts, renderer, ImGui, and
// the guest's registers and stacks, which compilers change. It is compared only where all that is the same. After a
// wanted change:
//   FIBERSCOPE_APPROVE=1 build/release/tests/app/app_tests --gtest_filter='*Golden*'
// writes them anew; look at each before it is committed. A picture that differs is left in the test's temporary folder.
#include <gtest/gtest.h>
#include <imgui.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "app/offscreen.h"
#include "tests/app/png_file.h"
#include "tests/app/recorded_document.h"

namespace fiberscope::app {
namespace {

constexpr int kNoticeable = 24;             // of 255, in any of the three colours
constexpr double kMostPixels = 0.05 / 100;  // of all
constexpr std::uintmax_t kLargestFile = 500'000;

const std::filesystem::path kFolder = FIBERSCOPE_GOLDEN_FOLDER;

bool approving() {
  const char* wish = std::getenv("FIBERSCOPE_APPROVE");
  return wish != nullptr && std::string(wish) == "1";
}

/// FNV-1a.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// What the pixels depend on beside our own code.
std::string made_with(TraceDocument& document, core::StepIndex cursor) {
  auto screen = Offscreen::create(kSmallestPicture, kSmallestPicture);
  std::ostringstream text;
  const std::string renderer = screen ? (*screen)->renderer() : "none";
  text << "renderer " << renderer.substr(0, renderer.find(' ')) << "\nimgui " << IMGUI_VERSION << "\n";
  for (const char* font :
       {"truetype/jetbrains-mono/JetBrainsMono-Medium.ttf", "truetype/jetbrains-mono/JetBrainsMono-Bold.ttf",
        "opentype/inter/Inter-Medium.otf", "opentype/inter/Inter-SemiBold.otf", "opentype/inter/Inter-Bold.otf",
        "truetype/droid/DroidSansFallbackFull.ttf"}) {
    text << font << " " << std::hex << hash_of(text_of(std::filesystem::path("/usr/share/fonts") / font)) << "\n";
  }
  const core::Snapshot& now = document.snapshot(cursor);
  std::ostringstream guest;
  for (std::size_t i = 0; i < emu::kGeneralRegisters; ++i) guest << now.registers[emu::general_register(i)] << ' ';
  for (const core::StackView& stack : now.stacks) {
    for (const core::Cell& cell : stack.cells) guest << cell.address.value << ' ' << cell.value << ' ';
  }
  text << "guest " << std::hex << hash_of(guest.str()) << " of " << std::dec << document.timeline().steps.value
       << " steps\n";
  return text.str();
}

std::size_t pixels_that_differ(const Picture& a, const Picture& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i + 3 < a.rgba.size(); i += 4) {
    int most = 0;
    for (std::size_t k = 0; k < 3; ++k) most = std::max(most, std::abs(int{a.rgba[i + k]} - int{b.rgba[i + k]}));
    count += most > kNoticeable ? 1 : 0;
  }
  return count;
}

struct Golden {
  const char* name;
  std::size_t switch_number;  ///< the cursor is this switch's step …
  int further;                ///< … and so many on
  double phase;
  int width;
  int height;
  ThemeKind theme;
  Language language;
};

class GoldenTest : public testing::TestWithParam<Golden> {};

TEST_P(GoldenTest, IsWhatTheWindowShows) {
  const Golden& golden = GetParam();
  const auto document = record_document(std::string(to_string(golden.language)));
  PictureOptions options;
  const auto& change = document->timeline().switches.at(golden.switch_number);
  options.cursor = core::StepIndex{change.step.value + static_cast<std::uint64_t>(golden.further)};
  options.phase = golden.phase;
  options.width = golden.width;
  options.height = golden.height;
  options.theme = golden.theme;
  options.language = golden.language;
  const auto drawn = render_picture(*document, options);
  if (!drawn) GTEST_SKIP() << drawn.error().message;
  const auto path = kFolder / (std::string(golden.name) + ".png");
  const auto origin = kFolder / (std::string(golden.name) + ".txt");
  const std::string made = made_with(*document, options.cursor);
  if (approving()) {
    std::filesystem::create_directories(kFolder);
    ASSERT_TRUE(write_png(*drawn, path).ok());
    std::ofstream(origin) << made;
    GTEST_SKIP() << "approved: " << path;
  }
  if (made != text_of(origin)) GTEST_SKIP() << "made with something else than here: " << origin << "\n" << made;
  const auto expected = read_png(path);
  ASSERT_TRUE(expected) << path << " is missing or no PNG";
  EXPECT_LE(std::filesystem::file_size(path), kLargestFile);
  ASSERT_EQ(expected->width, drawn->width);
  ASSERT_EQ(expected->height, drawn->height);
  const std::size_t differ = pixels_that_differ(*expected, *drawn);
  const auto pixels = static_cast<double>(drawn->width) * drawn->height;
  if (static_cast<double>(differ) <= kMostPixels * pixels) return;
  const auto kept = std::filesystem::path(testing::TempDir()) / path.filename();
  EXPECT_TRUE(write_png(*drawn, kept).ok());
  ADD_FAILURE() << differ << " of " << pixels << " pixels differ from " << path << "; this picture: " << kept;
}

INSTANTIATE_TEST_SUITE_P(
    Pictures, GoldenTest,
    testing::Values(Golden{"switch_dark_1600x900", 4, 0, 1, 1600, 900, ThemeKind::dark, Language::en},
                    Golden{"switch_light_1280x720", 4, 0, 1, 1280, 720, ThemeKind::light, Language::en},
                    Golden{"pop_film_dark_1280x720", 4, 6, 0.5, 1280, 720, ThemeKind::dark, Language::zh}),
    [](const auto& golden) { return std::string(golden.param.name); });

}  // namespace
}  // namespace fiberscope::app
