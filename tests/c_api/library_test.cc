// Ops from outside of the tree: the test compiles libraries of them with the C compiler, the public
// headers and libviv alone, loads them and uses what they hold.
#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/c_api/vivarium.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// What was compiled, to be removed in the end.
std::vector<std::string>& Compiled() {
  static std::vector<std::string> libraries;
  return libraries;
}

// Compiles tests/c_api/<source> with `flags` and returns the library's path.
std::string Compile(const std::string& source, const std::string& flags = "") {
  static int count = 0;
  const std::string library =
      JoinPath(testing::TempDir(), absl::StrCat("viv_library_", getpid(), "_", ++count, ".so"));
  const std::string command = absl::StrCat(
      "cc -std=c99 -Wall -Wextra -pedantic -Werror -Wno-unused-function -fPIC -shared ", flags,
      " '", VIV_SOURCE_DIRECTORY, "/tests/c_api/", source, "' -I '", VIV_SOURCE_DIRECTORY,
      "/core/c_api' -L '", VIV_LIBRARY_DIRECTORY, "' -lviv -o '", library, "'");
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  Compiled().push_back(library);
  return library;
}

class LibraryTest : public testing::Test {
 protected:
  static void TearDownTestSuite() {
    for (const std::string& library : Compiled()) Env::Default()->Remove(library).IgnoreError();
  }
  ~LibraryTest() override {
    VivGraphFree(graph_);
    VivStatusFree(status_);
  }

  std::string Message() const { return VivStatusMessage(status_); }
  // What loading says.
  std::string Load(const std::string& path) {
    VivLoadLibrary(path.c_str(), status_);
    return Message();
  }
  bool HasOp(const char* name) {
    char* json = VivOpDescribe(name, status_);
    VivFree(json);
    return json != nullptr;
  }
  void LoadOutside() {
    static const std::string library = Compile("outside_op.c");
    ASSERT_EQ(VivLoadLibrary(library.c_str(), status_), VIV_OK) << Message();
    // A second time changes nothing.
    ASSERT_EQ(VivLoadLibrary(library.c_str(), status_), VIV_OK) << Message();
  }

  VivOutput Placeholder(VivDType dtype, const std::vector<int64_t>& dims) {
    return VivGraphPlaceholder(graph_, "x", dtype, dims.data(), static_cast<int32_t>(dims.size()),
                               status_);
  }
  VivOutput Add(const char* op, const std::vector<VivOutput>& inputs, VivAttrs* attrs = nullptr) {
    const VivNodeSpec spec = {.op = op,
                              .inputs = inputs.data(),
                              .num_inputs = static_cast<int32_t>(inputs.size()),
                              .attrs = attrs};
    return {VivGraphAdd(graph_, &spec, status_), 0};
  }
  template <typename T>
  std::vector<T> Run(VivOutput x, VivDType dtype, const std::vector<T>& values, VivOutput fetch) {
    VivSession* session = VivSessionNew(graph_, nullptr, status_);
    const auto count = static_cast<int64_t>(values.size());
    VivTensor* fed =
        VivTensorFromMemory(dtype, &count, 1, values.data(), count * sizeof(T), status_);
    VivTensor* result = nullptr;
    VivSessionRun(session, &x, &fed, 1, &fetch, &result, 1, status_);
    std::vector<T> out;
    if (result != nullptr) {
      const T* data = static_cast<const T*>(VivTensorData(result));
      out.assign(data, data + VivTensorElements(result));
    }
    VivTensorFree(result);
    VivTensorFree(fed);
    VivSessionFree(session);
    return out;
  }
  // The gradient of the op, of type T, at some values.
  template <typename T>
  void CheckSquare(VivDType dtype) {
    VivAttrs* attrs = VivAttrsNew();
    VivAttrsSetFloat(attrs, "scale", 3);
    const VivOutput x = Placeholder(dtype, {-1});
    const VivOutput y = Add("OutsideSquare", {x}, attrs);
    VivAttrsFree(attrs);
    ASSERT_NE(y.node, VIV_NONE) << Message();
    VivOutput gradient, second;
    ASSERT_EQ(VivGraphGradients(graph_, &y, 1, &x, 1, nullptr, &gradient, status_), VIV_OK)
        << Message();
    ASSERT_EQ(VivGraphGradients(graph_, &gradient, 1, &x, 1, nullptr, &second, status_), VIV_OK)
        << Message();
    EXPECT_THAT(Run<T>(x, dtype, {1, -2, 0.5}, y), testing::ElementsAre(3, 12, 0.75)) << Message();
    EXPECT_THAT(Run<T>(x, dtype, {1, -2, 0.5}, gradient), testing::ElementsAre(6, -12, 3));
    EXPECT_THAT(Run<T>(x, dtype, {1, -2, 0.5}, second), testing::ElementsAre(6, 6, 6));
    EXPECT_TRUE(Run<T>(x, dtype, {}, y).empty());
    EXPECT_EQ(Message(), "");
    EXPECT_EQ(Run<T>(x, dtype, std::vector<T>(100003, 2), y), std::vector<T>(100003, 12));
  }

  VivStatus* status_ = VivStatusNew();
  VivGraph* graph_ = VivGraphNew();
};

TEST_F(LibraryTest, AnOpWithItsKernelAndGradientIsUsedLikeAnyOther) {
  LoadOutside();
  CheckSquare<float>(VIV_FLOAT);
  CheckSquare<double>(VIV_DOUBLE);
  EXPECT_EQ(Add("OutsideSquare", {Placeholder(VIV_INT32, {2})}).node, VIV_NONE);
  EXPECT_THAT(Message(), HasSubstr("does not take int32; it takes float, double"));
}

TEST_F(LibraryTest, AGraphWithSuchAnOpGoesThroughAFile) {
  LoadOutside();
  const VivOutput x = Placeholder(VIV_FLOAT, {-1});
  const VivOutput y = Add("OutsideSquare", {x});
  const std::string path = JoinPath(testing::TempDir(), "viv_outside.pb");
  ASSERT_EQ(VivGraphSave(graph_, path.c_str(), status_), VIV_OK) << Message();
  VivGraphFree(graph_);
  graph_ = VivGraphLoad(path.c_str(), status_);
  ASSERT_NE(graph_, nullptr) << Message();
  EXPECT_THAT(Run<float>(x, VIV_FLOAT, {3, 4}, y), testing::ElementsAre(9, 16));
}

TEST_F(LibraryTest, OutputsOfAnySizeAndErrorsOfKernels) {
  LoadOutside();
  const VivOutput x = Placeholder(VIV_FLOAT, {-1});
  const VivOutput y = Add("OutsidePositive", {x});
  EXPECT_THAT(Run<float>(x, VIV_FLOAT, {3, -4, 0, 5}, y), testing::ElementsAre(3, 5)) << Message();
  EXPECT_TRUE(Run<float>(x, VIV_FLOAT, {-1}, y).empty());
  EXPECT_EQ(Message(), "");
  EXPECT_TRUE(Run<float>(x, VIV_FLOAT, {1, NAN}, y).empty());
  EXPECT_THAT(Message(), AllOf(HasSubstr("OutsidePositive"), HasSubstr("holds what is no number")));
  EXPECT_EQ(Add("OutsidePositive", {Placeholder(VIV_FLOAT, {2, 2})}).node, VIV_NONE);
  EXPECT_THAT(Message(), HasSubstr("OutsidePositive 'OutsidePositive': x is no vector"));
  VivOutput gradient;
  VivGraphGradients(graph_, &y, 1, &x, 1, nullptr, &gradient, status_);
  EXPECT_THAT(Message(), HasSubstr("the op has no gradient"));
}

TEST_F(LibraryTest, Strings) {
  LoadOutside();
  const VivOutput x = Placeholder(VIV_STRING, {-1});
  const VivOutput y = Add("OutsideCapitals", {x, x});
  VivSession* session = VivSessionNew(graph_, nullptr, status_);
  const int64_t two = 2;
  const char* words[] = {"ab", ""};
  VivTensor* fed = VivTensorFromStrings(&two, 1, words, nullptr, status_);
  VivTensor* result = nullptr;
  EXPECT_EQ(VivSessionRun(session, &x, &fed, 1, &y, &result, 1, status_), VIV_OK) << Message();
  EXPECT_STREQ(VivTensorString(result, 0, nullptr, status_), "ABAB");
  EXPECT_STREQ(VivTensorString(result, 1, nullptr, status_), "");
  VivTensorFree(result);
  VivTensorFree(fed);
  VivSessionFree(session);
}

TEST_F(LibraryTest, FilesThatAreNoLibrariesOfOpsSaySo) {
  EXPECT_THAT(Load("/no/such/library.so"), HasSubstr("/no/such/library.so: there is no file"));
  EXPECT_EQ(VivStatusCode(status_), VIV_NOT_FOUND);
  EXPECT_THAT(Load(absl::StrCat(VIV_SOURCE_DIRECTORY, "/README.md")),
              HasSubstr("cannot be loaded: "));
  EXPECT_THAT(Load(Compile("bad_library.c", "-DNO_ENTRY")),
              AllOf(HasSubstr("viv_library_"), HasSubstr("has no 'VivLibraryAbiVersion'")));
  EXPECT_THAT(Load(Compile("bad_library.c", "-DWRONG_VERSION")),
              HasSubstr("was compiled for version 2 of the C API, this is version 1"));
  EXPECT_EQ(VivStatusCode(status_), VIV_FAILED_PRECONDITION);
  EXPECT_FALSE(HasOp("BadOp"));
}

// Whatever is wrong with one registration, none of the library's stays.
TEST_F(LibraryTest, AllOrNothingIsRegistered) {
  const struct {
    const char *flag, *error;
  } cases[] = {
      {"DUPLICATE_OF_THE_HOUSE", "there is an op 'MatMul' already"},
      {"DUPLICATE_OF_ITSELF", "there is an op 'BadOp' already"},
      {"DUPLICATE_KERNEL", "kernel of op 'BadOp': there is a cpu kernel for these types already"},
      {"KERNEL_WITHOUT_OP", "kernel of op 'NoSuchOp': there is no such op"},
      {"KERNEL_OF_UNKNOWN_TYPE", "the op has no type variable 'U'"},
      {"NO_COMPUTE", "its compute function is NULL"},
      {"NO_SHAPE", "op 'BadOp2' has no shape function"},
      {"UNCOUNTED_OUTPUTS", "outputs counted by 'count', which is no attribute"},
      {"VARIABLE_INPUT", "'resource' is no type of elements"},
      {"FAILS", "the licence server is away"},
      {"FAILS_SILENTLY", "failed without a message"},
  };
  for (const auto& c : cases) {
    const std::string library = Compile("bad_library.c", absl::StrCat("-D", c.flag));
    EXPECT_THAT(Load(library), AllOf(StartsWith(library), HasSubstr(c.error))) << c.flag;
    EXPECT_FALSE(HasOp("BadOp")) << c.flag;
    EXPECT_FALSE(HasOp("BadOp2")) << c.flag;
  }
}

}  // namespace
}  // namespace viv
