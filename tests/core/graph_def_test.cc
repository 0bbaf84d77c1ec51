// Graphs in files: what is written is read, and whatever a stranger sends gives an error or a
// graph.
#include "core/graph/graph_def.h"

#include <functional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/autodiff/gradients.h"
#include "core/base/random.h"
#include "core/graph/dot.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/optimizer.h"
#include "core/ops/random.h"
#include "core/ops/state.h"
#include "core/runtime/session.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

// Uses the function that it names; holds an attribute of every type.
const OpRegistration kTestOp({
    .name = "GraphDefTestOp",
    .doc = "For tests.",
    .inputs = {{"x", kFloat}},
    .outputs = {{"y", kFloat}},
    .attrs = {{"body", AttrValue("")},
              {"flag", AttrValue(true)},
              {"integer", AttrValue(int64_t{-7})},
              {"number", AttrValue(0.1)},
              {"type", AttrValue(kInt8)},
              {"shape", AttrValue(PartialShape({-1, 3}))},
              {"anything", AttrValue(PartialShape())},
              {"integers", AttrValue(std::vector<int64_t>{1, -2})},
              {"numbers", AttrValue(std::vector<double>{0.5, -1e300})},
              {"texts", AttrValue(std::vector<std::string>{"a", std::string("\0\xff", 2)})},
              {"types", AttrValue(std::vector<DType>{kHalf, kString})},
              {"shapes", AttrValue(std::vector<PartialShape>{{2}, PartialShape()})},
              {"tensor", AttrValue(Tensor::Of<std::string>({2}, {"x", "yz"}))}},
    .shape = [](ShapeContext& c) -> absl::Status {
      if (c.attrs().String("body").empty()) return UnchangedShape(c);
      auto shapes = c.FunctionShapes("body", c.inputs(), 0, {kFloat});
      if (!shapes.ok()) return shapes.status();
      c.set_output(0, (*shapes)[0]);
      return absl::OkStatus();
    },
});

// A net with a variable, a training step and a function.
struct Net {
  Net() {
    x = Placeholder(b.Scope("in").Named("x"), kFloat, {-1, 3});
    const Variable w(b, "w", RandomNormal(b, {3, 2}, 0.5f));
    y = MatMul(b.OnDevice("/device:cpu:0"), x, w.Read());
    loss = Mean(b, Square(b, y));
    const auto gradients = DenseGradients(b, {loss}, {w.Read()});
    const Output step = ApplySgd(b, w, (*gradients)[0], Const(b, 0.5f));
    train = Group(b, {step});
    const BuiltFunction f = BuildFunction(b, "double", {{kFloat, {-1, 2}}},
                                          [this](const GraphBuilder& inner, const auto& args) {
                                            const Output two = Const(inner, 2.0f);
                                            return std::vector<Output>{Mul(inner, args[0], two)};
                                          });
    doubled = BuilderRef(b.After({loss})).Add("GraphDefTestOp", {y}, {{"body", f.name}});
    signatures["serve"] = {{{"x", x}}, {{"y", y}}};
    signatures["train"] = {{{"x", x}}, {{"loss", loss}, {"step", train}}};
  }

  std::string Bytes() const {
    const auto bytes = EncodeGraph(b.graph(), signatures);
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    return bytes.ok() ? *bytes : "";
  }

  GraphBuilder b;
  Output x, y, loss, train, doubled;
  Signatures signatures;
};

TEST(GraphDef, WhatIsWrittenIsRead) {
  const Net net;
  ASSERT_TRUE(net.b.ok()) << net.b.status();
  auto loaded = DecodeGraph(net.Bytes());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->producer, "vivarium");
  ASSERT_EQ(loaded->graph->nodes().size(), net.b.graph().nodes().size());
  for (const auto& node : net.b.graph().nodes()) {
    const Node* copy = loaded->graph->FindNode(node->name());
    ASSERT_NE(copy, nullptr) << node->name();
    EXPECT_EQ(copy->op_name(), node->op_name());
    EXPECT_TRUE(copy->attrs() == node->attrs()) << node->name();
    EXPECT_EQ(copy->device(), node->device());
    EXPECT_EQ(copy->site().ToString(), node->site().ToString());
    EXPECT_EQ(copy->num_inputs(), node->num_inputs());
    EXPECT_EQ(copy->control_inputs().size(), node->control_inputs().size());
    for (int i = 0; i < node->num_inputs(); ++i) {
      EXPECT_EQ(copy->input(i).name(), node->input(i).name());
    }
    for (int i = 0; i < node->num_outputs(); ++i) {
      EXPECT_EQ(copy->output_shape(i), node->output_shape(i));
    }
  }
  EXPECT_EQ(loaded->signatures["train"].fetches["step"].index, Output::kControl);
  const auto again = EncodeGraph(*loaded->graph, loaded->signatures);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, net.Bytes());
}

TEST(GraphDef, ALoadedGraphTrainsLikeTheFirst) {
  const Net net;
  const std::string path = testing::TempDir() + "/graph_def_test.pb";
  ASSERT_TRUE(SaveGraph(Env::Default(), path, net.b.graph(), net.signatures).ok());
  auto loaded = LoadGraph(Env::Default(), path);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const Signature train = loaded->signatures["train"];
  auto first = Session::Create(net.b, {.seed = 3});
  auto second = Session::Create(std::move(loaded->graph), {.seed = 3});
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_TRUE(first->Initialize().ok() && second->Initialize().ok());
  const Tensor x = Tensor::Of<float>({1, 3}, {1, 2, 3});
  for (int i = 0; i < 3; ++i) {
    const auto a = first->Run({{net.x, x}}, {net.loss, net.train});
    const auto c = second->Run({{train.feeds.at("x"), x}},
                               {train.fetches.at("loss"), train.fetches.at("step")});
    ASSERT_TRUE(a.ok() && c.ok()) << a.status() << c.status();
    EXPECT_TRUE((*a)[0].Identical((*c)[0]));
  }
}

TEST(GraphDef, FilesThatAreNoneSaySo) {
  EXPECT_THAT(Message(DecodeGraph("").status()), HasSubstr("name no format"));
  EXPECT_THAT(Message(DecodeGraph("PK\3\4 not a graph").status()), HasSubstr("no graph"));
  EXPECT_EQ(DecodeGraph(std::string("\x08\x63\x10\x63", 4)).status().code(),
            absl::StatusCode::kFailedPrecondition);
  const std::string missing = testing::TempDir() + "/no_such_graph.pb";
  EXPECT_THAT(Message(LoadGraph(Env::Default(), missing).status()), HasSubstr("no_such_graph"));
}

// Every way to lie that keeps lengths: a text of the file replaced by another.
TEST(GraphDef, LiesAreNamed) {
  const std::string bytes = Net().Bytes();
  const struct {
    std::string from, to, error;
  } cases[] = {
      {"MatMul", "MatMux", "no op of this name"},
      {"in/x:0", "in/z:0", "there is no node 'in/z'"},
      {"in/x:0", "in/x:9", "has no output 9"},
      {"in/x:0", "in/x_0", "it has no number"},
      {"transpose_a", "transpose_q", "no attribute 'transpose_q'"},
      {"transpose_a", "transpose_b", "is there twice"},
      {"transpose_a", "_ranspose_a", "for passes only"},
      {"w/read:0", "MatMul:0", "a cycle"},
  };
  for (const auto& c : cases) {
    const std::string text = absl::StrReplaceAll(bytes, {{c.from, c.to}});
    EXPECT_THAT(Message(DecodeGraph(text).status()), HasSubstr(c.error)) << c.to;
  }
  // A name with a control character.
  const std::string control = absl::StrReplaceAll(bytes, {{"in/x", "in\nx"}});
  EXPECT_THAT(Message(DecodeGraph(control).status()), HasSubstr("control characters"));
  // Not UTF-8.
  const std::string latin = absl::StrReplaceAll(bytes, {{"in/x", "in\xffx"}});
  EXPECT_THAT(Message(DecodeGraph(latin).status()), HasSubstr("UTF-8"));
}

// Hand-made messages: field number, wire type 2, contents.
std::string Field(int number, const std::string& contents) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  size_t n = contents.size();
  for (; n >= 128; n >>= 7) out += static_cast<char>(n | 128);
  return out + static_cast<char>(n) + contents;
}
const std::string kHeader("\x08\x01\x10\x01", 4);

std::string NodeText(const std::string& name, const std::string& op, const std::string& rest) {
  return Field(1, name) + Field(2, op) + rest;
}

TEST(GraphDef, AbsurdTensorsAndShapesAreRefused) {
  const auto constant = [](const std::string& tensor) {
    const std::string dtype = Field(5, Field(1, "dtype") + "\x30\x01");
    const std::string value = Field(5, Field(1, "value") + Field(13, tensor));
    return kHeader + Field(5, NodeText("c", "Const", dtype + value));
  };
  // float [2^31]: 8 GB, of which the file has nothing.
  const std::string huge = "\x08\x01" + Field(2, std::string("\x80\x80\x80\x80\x08", 5));
  EXPECT_THAT(Message(DecodeGraph(constant(huge)).status()),
              AllOf(HasSubstr("takes 8589934592 bytes"), HasSubstr("attribute 'value'")));
  const std::string big = Field(2, std::string("\x80\x80\x80\x80\x80\x80\x80\x80\x40", 9) +
                                       std::string("\x80\x80\x80\x80\x80\x80\x80\x80\x40", 9));
  EXPECT_THAT(Message(DecodeGraph(constant("\x08\x01" + big)).status()),
              HasSubstr("too many elements"));
  EXPECT_THAT(Message(DecodeGraph(constant("\x08\x0b")).status()), HasSubstr("no element type 11"));
  EXPECT_THAT(Message(DecodeGraph(constant("\x08\x09" + Field(3, "\x02"))).status()),
              HasSubstr("neither 0 nor 1"));
  EXPECT_THAT(
      Message(DecodeGraph(constant("\x08\x01" + Field(2, std::string(17, '\x01')))).status()),
      HasSubstr("rank 17"));
}

TEST(GraphDef, DuplicatesAndMissingPartsAreNamed) {
  const std::string group = Field(5, NodeText("g", "Group", ""));
  EXPECT_TRUE(DecodeGraph(kHeader + group).ok());
  EXPECT_THAT(Message(DecodeGraph(kHeader + group + group).status()), HasSubstr("two nodes 'g'"));
  EXPECT_THAT(Message(DecodeGraph(kHeader + Field(5, "")).status()), HasSubstr("is empty"));
  const std::string self = Field(5, NodeText("g", "Group", Field(4, "g")));
  EXPECT_THAT(Message(DecodeGraph(kHeader + self).status()), HasSubstr("a cycle: 'g' needs 'g'"));
  const std::string function = Field(4, Field(1, "f"));
  EXPECT_THAT(Message(DecodeGraph(kHeader + function + function).status()),
              HasSubstr("two functions 'f'"));
  const std::string signature = Field(6, Field(1, "s") + Field(2, Field(1, "x") + Field(2, "q")));
  EXPECT_THAT(Message(DecodeGraph(kHeader + signature).status()), HasSubstr("no output 'q:0'"));
}

TEST(GraphDef, SizeHasLimits) {
  std::string many = kHeader;
  for (int i = 0; i < 1000; ++i) many += Field(5, NodeText(absl::StrCat("g", i), "Group", ""));
  EXPECT_TRUE(DecodeGraph(many).ok());
  EXPECT_THAT(Message(DecodeGraph(many, {.max_bytes = 100}).status()), HasSubstr("limit of 100"));
  EXPECT_THAT(Message(DecodeGraph(many, {.max_fields = 2999}).status()), HasSubstr("2999 fields"));
  EXPECT_THAT(Message(DecodeGraph(many, {.max_expanded_nodes = 9}).status()),
              HasSubstr("more than 9 nodes"));
}

// Function k uses function k - 1 `uses` times.
std::string Nested(int depth, int uses) {
  std::string bytes = kHeader;
  for (int k = 0; k < depth; ++k) {
    const std::string type = Field(5, Field(1, "dtype") + "\x30\x01");
    const std::string shape = Field(5, Field(1, "shape") + Field(7, ""));
    std::string body = Field(3, NodeText("a", "Argument", type + shape));
    std::string last = "a:0";
    for (int u = 0; u < uses && k > 0; ++u) {
      const std::string attr = Field(5, Field(1, "body") + Field(5, absl::StrCat("f", k - 1)));
      body += Field(3, NodeText(absl::StrCat("u", u), "GraphDefTestOp", Field(3, last) + attr));
      last = absl::StrCat("u", u, ":0");
    }
    bytes += Field(4, Field(1, absl::StrCat("f", k)) + Field(2, "a") + body + Field(4, last));
  }
  return bytes;
}

TEST(GraphDef, NestingHasLimits) {
  EXPECT_TRUE(DecodeGraph(Nested(60, 1)).ok()) << DecodeGraph(Nested(60, 1)).status();
  EXPECT_THAT(Message(DecodeGraph(Nested(100, 1)).status()), HasSubstr("deeper than 64 levels"));
  EXPECT_THAT(Message(DecodeGraph(Nested(40, 3)).status()), HasSubstr("more than"));
  std::string circle = Nested(2, 1);
  circle.replace(circle.rfind("f0"), 2, "f1");
  EXPECT_THAT(Message(DecodeGraph(circle).status()), HasSubstr("before it is complete"));
}

TEST(GraphDef, WhatAFileCannotHoldIsNotWritten) {
  GraphBuilder b;
  const Output x = Const(b.Named("a\nb"), 1.0f);
  EXPECT_THAT(Message(EncodeGraph(b.graph()).status()), HasSubstr("control characters"));
  GraphBuilder noted;
  Const(noted, 1.0f).node->set_attr("_note", AttrValue(true));
  EXPECT_THAT(Message(EncodeGraph(noted.graph()).status()), HasSubstr("pass's note"));
  EXPECT_THAT(Message(EncodeGraph(GraphBuilder().graph(), {{"s", {{{"x", x}}, {}}}}).status()),
              HasSubstr("no output of the graph"));
}

TEST(GraphDef, AVariableIsReadAsTheTypeThatItHas) {
  GraphBuilder b;
  const Variable v(b, "v", Const(b, 1.0));
  BuilderRef(b).Add("ReadVariable", {v.handle()}, {{"dtype", kFloat}});
  EXPECT_THAT(Message(b.status()), HasSubstr("variable of type double, not float"));
  GraphBuilder c;
  const Variable u(c, "u", Const(c, 1.0));
  ApplySgd(c, u, Const(c, 1.0f), Const(c, 1.0f));
  EXPECT_THAT(Message(c.status()), HasSubstr("variable of type double, not float"));
}

// What is read after damage is an error or a graph that can be written and drawn.
void Survive(const std::string& bytes) {
  auto loaded = DecodeGraph(bytes);
  if (!loaded.ok()) {
    EXPECT_FALSE(loaded.status().message().empty());
    return;
  }
  EXPECT_TRUE(EncodeGraph(*loaded->graph, loaded->signatures).ok());
  EXPECT_FALSE(ToDot(*loaded->graph).empty());
}

TEST(GraphDef, DamageNeverAborts) {
  const std::string bytes = Net().Bytes();
  for (size_t n = 0; n < bytes.size(); ++n) Survive(bytes.substr(0, n));
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] ^= static_cast<char>(1 << (i % 8));
    Survive(damaged);
  }
  RandomStream random(17);
  for (int round = 0; round < 5000; ++round) {
    std::string damaged = bytes;
    for (uint64_t k = 1 + random.Below(4); k > 0; --k) {
      const size_t at = random.Below(damaged.size());
      const size_t length = 1 + random.Below(16);
      switch (random.Below(4)) {
        case 0:
          damaged[at] = static_cast<char>(random.Next());
          break;
        case 1:
          damaged.erase(at, length);
          break;
        case 2:
          damaged.insert(at, bytes.substr(random.Below(bytes.size()), length));
          break;
        default:
          damaged.replace(at, length, bytes.substr(random.Below(bytes.size()), length));
      }
    }
    Survive(damaged);
  }
}

TEST(Dot, DrawsScopesEdgesAndFunctions) {
  const Net net;
  const std::string dot = ToDot(net.b.graph());
  EXPECT_THAT(dot, AllOf(HasSubstr("digraph"), HasSubstr("label=\"in\""), HasSubstr("style=dashed"),
                         HasSubstr("\"in/x\" -> \"MatMul\" [label=\"float[?, 3]\"]"),
                         HasSubstr("label=\"function double\"")));
  EXPECT_EQ(std::count(dot.begin(), dot.end(), '{'), std::count(dot.begin(), dot.end(), '}'));
}

}  // namespace
}  // namespace viv
