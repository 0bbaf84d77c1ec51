// Readers of image collections, on small files made here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/file.h"
#include "core/data/tf_example.h"
#include "core/data/tfrecord.h"
#include "datasets/cifar10/cifar10.h"
#include "datasets/coco/coco.h"
#include "datasets/flickr8k/flickr8k.h"
#include "datasets/imagenet/imagenet.h"
#include "datasets/imagenette/imagenette.h"
#include "datasets/images/labelled_images.h"
#include "image_makers.h"
#include "tests/support/test_folder.h"

namespace viv {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ImageReaders : public FolderTest {
 protected:
  // An image whose red is `red`.
  static std::string Image(int red) {
    return MakePng(MakePixels(4, 5, 3, [&](int64_t, int64_t, int c) { return c == 0 ? red : 9; }));
  }
  static int Red(const LabelledImage& image) {
    const absl::StatusOr<Tensor> pixels = image.Decode();
    EXPECT_TRUE(pixels.ok()) << pixels.status();
    return pixels.ok() ? pixels->data<uint8_t>()[0] : -1;
  }
  template <typename T>
  static std::string Error(const absl::StatusOr<T>& result) {
    EXPECT_FALSE(result.ok());
    return std::string(result.status().message());
  }
  // "label/red" of each image.
  static std::vector<std::string> List(const LabelledImages& data) {
    std::vector<std::string> out;
    for (const LabelledImage& image : data.images) {
      out.push_back(absl::StrCat(data.classes[image.label].name, "/", Red(image)));
    }
    return out;
  }
};

// A member of a tar archive, in the format that GNU tar and Python write by default.
std::string TarMember(const std::string& path, const std::string& contents, char type = '0') {
  std::string header(512, '\0');
  header.replace(0, std::min<size_t>(path.size(), 100), path.substr(0, 100));
  header.replace(100, 7, "0000644");
  header.replace(124, 11, absl::StrFormat("%011o", contents.size()));
  header.replace(148, 8, "        ");
  header[156] = type;
  header.replace(257, 5, "ustar");
  int sum = 0;
  for (const char c : header) sum += static_cast<uint8_t>(c);
  header.replace(148, 6, absl::StrFormat("%06o", sum));
  header[154] = '\0';
  return header + contents + std::string((512 - contents.size() % 512) % 512, '\0');
}

TEST_F(ImageReaders, ReadsFolders) {
  Write("photos/dog/b.png", Image(2));
  Write("photos/dog/a.jpg", Image(1));
  Write("photos/cat/deeper/c.PNG", Image(3));
  Write("photos/cat/notes.txt", "no image");
  Write("photos/cat/.hidden.png", Image(4));
  ASSERT_TRUE(env_->CreateDirs(directory_ + "/photos/empty").ok());
  // Whoever names the folder above means the same.
  const auto above = ReadImageSplit(env_, directory_);
  ASSERT_TRUE(above.ok()) << above.status();
  Write("photos/loose.png", Image(5));
  const auto tree = FileTree::Open(env_, directory_ + "/photos/");
  ASSERT_TRUE(tree.ok()) << tree.status();
  const auto data = ReadClassFolders(*tree);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_THAT(List(*data), ElementsAre("cat/3", "dog/1", "dog/2"));
  EXPECT_THAT(data->skipped,
              ElementsAre(directory_ + "/photos/cat/notes.txt: its name is not an image's",
                          directory_ + "/photos/loose.png: it lies in no class's folder"));
  EXPECT_THAT(data->images[0].Name(), directory_ + "/photos/cat/deeper/c.PNG");
  EXPECT_THAT(std::string(CheckTrainable(*data).message()),
              HasSubstr("class 'empty' has no images"));
  EXPECT_EQ(above->train.classes, data->classes);
}

TEST_F(ImageReaders, GoesOnBesideAFolderThatCannotBeListed) {
  Write("data/cat/1.png", Image(1));
  Write("data/dog/2.png", Image(2));
  const std::string closed = MakeUnlistableFolder(directory_ + "/data/dog");
  const auto tree = FileTree::Open(env_, directory_ + "/data");
  ASSERT_TRUE(tree.ok()) << tree.status();
  EXPECT_THAT((*tree)->paths(), ElementsAre("cat/1.png", "dog/2.png"));
  const auto data = ReadClassFolders(*tree);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->images.size(), 2u);
  EXPECT_THAT(data->skipped, ElementsAre(closed + ": the folder cannot be listed: File name too "
                                                  "long"));
}

TEST_F(ImageReaders, NamesFoldersOfCaptionedPhotosThatCannotBeListed) {
  const std::string why = ": the folder cannot be listed: File name too long";
  Write("photos/1.jpg", Image(1));
  const std::string closed = MakeUnlistableFolder(directory_ + "/photos") + why;
  const std::string json = Write("captions.json", R"({
      "images": [{"id": 1, "file_name": "1.jpg"}],
      "annotations": [{"image_id": 1, "caption": "one"}]})");
  const auto coco = ReadCocoCaptions(env_, json, directory_ + "/photos");
  ASSERT_TRUE(coco.ok()) << coco.status();
  EXPECT_THAT(coco->skipped, ElementsAre(closed));
  Write("Flickr_8k.devImages.txt", "1.jpg\n");
  Write("Flickr8k.token.txt", "1.jpg#0\tA dog runs .\n");
  const auto flickr = ReadFlickr8k(env_, directory_, "dev");
  ASSERT_TRUE(flickr.ok()) << flickr.status();
  EXPECT_THAT(flickr->skipped, ElementsAre(closed));
}

TEST_F(ImageReaders, FollowsLinksToClassFoldersButNotInCircles) {
  Write("real/cat/1.png", Image(1));
  Write("data/dog/2.png", Image(2));
  std::filesystem::create_directory_symlink(directory_ + "/real/cat", directory_ + "/data/cat");
  std::filesystem::create_directory_symlink(directory_ + "/data", directory_ + "/data/dog/up");
  std::filesystem::create_symlink(directory_ + "/none.png", directory_ + "/data/dog/3.png");
  const auto tree = FileTree::Open(env_, directory_ + "/data");
  ASSERT_TRUE(tree.ok()) << tree.status();
  EXPECT_THAT((*tree)->paths(), ElementsAre("cat/1.png", "dog/2.png"));
}

TEST_F(ImageReaders, SaysWhatAFolderShouldHold) {
  EXPECT_THAT(Error(ReadImageSplit(env_, directory_ + "/none")), HasSubstr("there is no folder"));
  EXPECT_THAT(Error(ReadImageSplit(env_, directory_)), HasSubstr("holds no images"));
  const std::string file = Write("1.png", Image(1));
  EXPECT_THAT(Error(ReadImageSplit(env_, directory_)),
              AllOf(HasSubstr("holds 1 images but no folders"), HasSubstr("a folder of its own")));
  EXPECT_THAT(Error(ReadImageSplit(env_, file)), HasSubstr("neither a folder nor an archive"));
  Write("cat/1.png", Image(1));
  const auto one = ReadImageSplit(env_, directory_);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_THAT(std::string(CheckTrainable(one->train).message()),
              HasSubstr("there is one class only, 'cat'"));
}

TEST_F(ImageReaders, HoldsOutEveryTenth) {
  for (int i = 0; i < 21; ++i) Write(absl::StrFormat("cat/%02d.png", i), Image(i));
  Write("dog/only.png", Image(100));
  const auto split = ReadImageSplit(env_, directory_);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_THAT(List(split->validation), ElementsAre("cat/0", "cat/10", "cat/20"));
  EXPECT_EQ(split->train.images.size(), 19u);
  EXPECT_EQ(Red(split->train.images.back()), 100);
  EXPECT_TRUE(CheckTrainable(split->train).ok());
}

TEST_F(ImageReaders, TakesASplitThatIsThere) {
  for (const char* part : {"train", "val"}) {
    for (const char* name : {"cat", "dog"})
      Write(absl::StrCat(part, "/", name, "/1.png"), Image(part[0]));
  }
  const auto split = ReadImageSplit(env_, directory_);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_THAT(List(split->train), ElementsAre("cat/116", "dog/116"));
  EXPECT_THAT(List(split->validation), ElementsAre("cat/118", "dog/118"));
  Write("val/cow/1.png", Image(1));
  EXPECT_THAT(Error(ReadImageSplit(env_, directory_)),
              HasSubstr("has a class 'cow' that train has not"));
}

TEST_F(ImageReaders, ReadsArchives) {
  const std::string long_name = "set/train/dog/" + std::string(120, 'x') + ".png";
  const std::string pax = "set/train/dog/y.png";
  const std::string record = " path=" + pax + "\n";
  const std::string tar =
      TarMember("set/train/", "", '5') + TarMember("set/classes.txt", "cat\tdomestic cat\r\n") +
      TarMember("./set/train/cat/1.png", Image(1)) + TarMember("set/train/cat/._1.png", "junk") +
      TarMember("././@LongLink", long_name + '\0', 'L') +
      TarMember(long_name.substr(0, 100), Image(2)) +
      TarMember("pax", absl::StrCat(record.size() + 2, record), 'x') + TarMember("cut", Image(3)) +
      std::string(1024, '\0');
  for (const std::string& path :
       {Write("a.tar", tar), Write("a.tar.gz", Gzip(tar)), Write("a.tgz", Gzip(tar))}) {
    const auto tree = FileTree::Open(env_, path);
    ASSERT_TRUE(tree.ok()) << tree.status();
    EXPECT_THAT((*tree)->paths(),
                ElementsAre("set/classes.txt", "set/train/cat/1.png", long_name, pax));
    const auto data = ReadClassFolders(*tree, "set/train/");
    ASSERT_TRUE(data.ok()) << data.status();
    EXPECT_THAT(List(*data), ElementsAre("domestic cat/1", "dog/2", "dog/3"));
    EXPECT_EQ(data->images[0].Name(), path + "/set/train/cat/1.png");
  }
  for (size_t size : {100u, 1030u, 1700u}) {
    EXPECT_THAT(Error(FileTree::Open(env_, Write("cut.tar", tar.substr(0, size)))),
                HasSubstr("cut.tar' is not a whole tar archive: it is truncated"));
  }
  EXPECT_THAT(Error(FileTree::Open(env_, Write("text.tar", std::string(600, 'x')))),
              HasSubstr("this is no header of a tar archive"));
  EXPECT_THAT(Error(FileTree::Open(env_, Write("cut.tgz", Gzip(tar).substr(0, 200)))),
              HasSubstr("truncated"));
}

TEST_F(ImageReaders, ReadsTables) {
  Write("pictures/1.png", Image(1));
  Write("pictures/2, too.png", Image(2));
  const std::string csv =
      Write("list.csv",
            "\xef\xbb\xbf"
            "file,class,note\n"
            "pictures/1.png,dog,\r\n\n"
            "\"pictures/2, too.png\",\"a \"\"cat\"\"\"\n" +
                absl::StrCat(directory_, "/pictures/1.png,dog\nnone.png,dog\n"));
  const auto data = ReadImageCsv(env_, csv);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_THAT(List(*data), ElementsAre("a \"cat\"/2", "dog/1", "dog/1"));
  EXPECT_THAT(data->skipped, ElementsAre(directory_ + "/none.png: there is no such file"));
  const auto tsv = ReadImageCsv(env_, Write("list.tsv", "pictures/1.png\tdog, cat\n"));
  ASSERT_TRUE(tsv.ok()) << tsv.status();
  EXPECT_THAT(List(*tsv), ElementsAre("dog, cat/1"));
  EXPECT_THAT(Error(ReadImageCsv(env_, Write("a.csv", "1.png,a\n2.png\n"))),
              HasSubstr("a.csv': line 2: 'path,label' is needed"));
  EXPECT_THAT(Error(ReadImageCsv(env_, Write("b.csv", "1.png,\n"))),
              HasSubstr("the label is empty"));
  EXPECT_THAT(Error(ReadImageCsv(env_, Write("c.csv", "\"1.png,a\n"))),
              HasSubstr("a quote is not closed"));
  EXPECT_THAT(Error(ReadImageCsv(env_, Write("d.csv", "path,label\n"))),
              HasSubstr("no image in it"));
  EXPECT_THAT(Error(ReadImageCsv(env_, Write("e.csv", "x.png,a\n"))),
              HasSubstr("none of its 1 files"));
}

TEST_F(ImageReaders, ReadsRecords) {
  const auto write = [&](const std::string& name, const std::vector<TfFeatures>& examples) {
    const std::string path = JoinPath(directory_, name);
    auto writer = TfRecordWriter::Create(env_, path);
    EXPECT_TRUE(writer.ok());
    for (const TfFeatures& features : examples) {
      EXPECT_TRUE((*writer)->Write(*EncodeTfExample(features)).ok());
    }
    EXPECT_TRUE((*writer)->Close().ok());
    return path;
  };
  const auto example = [](int red, int64_t label, const char* text) {
    return TfFeatures{{"image/encoded", Tensor::Scalar(Image(red))},
                      {"image/class/label", Tensor::Scalar(label)},
                      {"image/class/text", Tensor::Scalar(text)}};
  };
  const std::string path =
      write("a.tfrecord", {example(1, 7, "dog"), example(2, 3, "cat"), example(3, 7, "dog")});
  const auto data = ReadImageRecords(env_, {path});
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_THAT(List(*data), ElementsAre("dog/1", "cat/2", "dog/3"));
  EXPECT_THAT(data->classes, ElementsAre(ImageClass{"3", "cat"}, ImageClass{"7", "dog"}));
  const auto split = ReadImageSplit(env_, path);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_THAT(List(split->validation), ElementsAre("dog/1"));
  const std::string other = write("b.tfrecord", {{{"x", Tensor::Scalar(int64_t{1})}}});
  EXPECT_THAT(Error(ReadImageRecords(env_, {other})),
              HasSubstr("b.tfrecord: record 0: there is no feature"));
  EXPECT_THAT(Error(ReadImageRecords(env_, {write("c.tfrecord", {})})), HasSubstr("no records"));
}

TEST_F(ImageReaders, ReportsDamagedImagesByName) {
  Write("cat/1.jpg", Image(1).substr(0, 60));
  const auto split = ReadImageSplit(env_, directory_);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_THAT(Error(split->train.images[0].Decode()),
              AllOf(HasSubstr(directory_ + "/cat/1.jpg: "), HasSubstr("truncated")));
}

TEST_F(ImageReaders, MergesSets) {
  Write("a/n2/1.png", Image(1));
  Write("a/n1/2.png", Image(2));
  Write("b/n2/3.png", Image(3));
  Write("b/n0/4.png", Image(4));
  const auto a = ReadClassFolders(*FileTree::Open(env_, directory_ + "/a"));
  const auto b = ReadClassFolders(*FileTree::Open(env_, directory_ + "/b"));
  ASSERT_TRUE(a.ok() && b.ok());
  const LabelledImages all = MergeImages({*a, *b});
  EXPECT_THAT(List(all), ElementsAre("n0/4", "n1/2", "n2/1"));  // n2 out of the first set
}

TEST_F(ImageReaders, ReadsImagenette) {
  for (int i = 0; i < 3; ++i) {
    Write(absl::StrCat("imagenette2/train/n01440764/", i, ".JPEG"), Image(i));
    Write(absl::StrCat("imagenette2/train/n99999999/", i, ".JPEG"), Image(10 + i));
  }
  Write("imagenette2/noisy_imagenette.csv", "path,label\n");
  const auto split = ReadImagenette(env_, directory_);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_THAT(List(split->validation), ElementsAre("tench/0", "n99999999/10"));
  EXPECT_THAT(Error(ReadImagenette(env_, directory_ + "/none")),
              HasSubstr("run datasets/imagenette/download.sh"));
}

TEST_F(ImageReaders, ReadsImagenet) {
  const std::string root = "ILSVRC/Data/CLS-LOC/";
  Write(root + "train/n2/a.JPEG", Image(1));
  Write(root + "train/n1/b.JPEG", Image(2));
  Write(root + "val/ILSVRC2012_val_00000001.JPEG", Image(3));
  Write(root + "val/ILSVRC2012_val_00000002.JPEG", Image(4));
  Write("LOC_synset_mapping.txt", "n1 tench, Tinca tinca\nn2 goldfish\n");
  Write("LOC_val_solution.csv",
        "ImageId,PredictionString\nILSVRC2012_val_00000002,n1 1 2 3 4 \n"
        "ILSVRC2012_val_00000001,n2 1 2 3 4 \nILSVRC2012_val_00000003,n2 1 2 3 4 \n");
  const auto split = ReadImagenet(env_, directory_);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_THAT(List(split->train), ElementsAre("tench, Tinca tinca/2", "goldfish/1"));
  EXPECT_THAT(List(split->validation), ElementsAre("tench, Tinca tinca/4", "goldfish/3"));
  EXPECT_EQ(split->validation.skipped.size(), 1u);
}

TEST_F(ImageReaders, ReadsCifar10) {
  for (int batch = 1; batch <= 5; ++batch) {
    std::string records;
    for (int i = 0; i < 2; ++i) {
      records += static_cast<char>(9 - i);
      records += std::string(1024, static_cast<char>(10 * batch + i)) + std::string(2048, '\1');
    }
    Write(absl::StrCat("bin/data_batch_", batch, ".bin"), records);
  }
  const auto data = ReadCifar10(env_, directory_);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->train.images.size(), 8u);
  EXPECT_THAT(List(data->validation), ElementsAre("truck/50", "ship/51"));
  EXPECT_THAT(data->test.images, ElementsAre());
  const Tensor image = *data->train.images[0].Decode();
  EXPECT_EQ(image.shape(), Shape({32, 32, 3}));
  EXPECT_EQ(image.data<uint8_t>()[4], 1);
  Write("bin/test_batch.bin", std::string(3073, '\n'));
  EXPECT_THAT(Error(ReadCifar10(env_, directory_)), HasSubstr("has label 10"));
  Write("bin/test_batch.bin", "short");
  EXPECT_THAT(Error(ReadCifar10(env_, directory_)), HasSubstr("has 5 bytes"));
  EXPECT_THAT(Error(ReadCifar10(env_, directory_ + "/none")), HasSubstr("cifar10/download.sh"));
}

TEST_F(ImageReaders, CutsCifar10Sheets) {
  const char* const names[] = {"airplane", "automobile", "bird",  "cat",  "deer",
                               "dog",      "frog",       "horse", "ship", "truck"};
  // Image i of a sheet is of colour i % 250 but for its own first row.
  const std::string sheet = MakePng(MakePixels(800, 1280, 3, [](int64_t y, int64_t x, int) {
    return y % 32 == 0 ? 255 : static_cast<int>((y / 32 * 40 + x / 32) % 250);
  }));
  for (const char* name : names) {
    for (int k = 0; k < 5; ++k) Write(absl::StrCat("train/", name, "/sheet_", k, ".jpg"), sheet);
  }
  const auto data = ReadCifar10(env_, directory_);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->train.images.size(), 40000u);
  ASSERT_EQ(data->validation.images.size(), 10000u);
  EXPECT_EQ(data->validation.images[9041].label, 9);
  const Tensor image = *data->validation.images[9041].Decode();
  EXPECT_EQ(image.data<uint8_t>()[0], 255);
  EXPECT_EQ(image.data<uint8_t>()[3 * 32], 41);
  EXPECT_EQ(image.data<uint8_t>()[3 * 32 * 32 - 1], 41);
}

TEST_F(ImageReaders, ReadsFlickr8k) {
  Write("Flicker8k_Dataset/1.jpg", Image(1));
  Write("Flicker8k_Dataset/2.jpg", Image(2));
  Write("text/Flickr_8k.devImages.txt", "2.jpg\n1.jpg\r\n3.jpg\n");
  Write("text/Flickr8k.token.txt",
        "1.jpg#0\tA dog runs .\n1.jpg#1\tA dog .\n2.jpg#0\tTwo dogs .\n2.jpg.1#0\tOdd .\n");
  const auto data = ReadFlickr8k(env_, directory_, "dev");
  ASSERT_TRUE(data.ok()) << data.status();
  ASSERT_EQ(data->images.size(), 2u);
  EXPECT_THAT(data->images[0].captions, ElementsAre("Two dogs ."));
  EXPECT_THAT(data->images[1].captions, ElementsAre("A dog runs .", "A dog ."));
  EXPECT_EQ(data->images[1].Name(), directory_ + "/Flicker8k_Dataset/1.jpg");
  EXPECT_THAT(data->skipped, ElementsAre("3.jpg: there is no such photo"));
  EXPECT_THAT(Error(ReadFlickr8k(env_, directory_, "test")),
              AllOf(HasSubstr("Flickr_8k.testImages.txt"), HasSubstr("flickr8k/download.sh")));
  Write("text/Flickr8k.token.txt", "1.jpg A dog\n");
  EXPECT_THAT(Error(ReadFlickr8k(env_, directory_, "dev")),
              HasSubstr("token.txt': line 1: 'name.jpg#0"));
}

TEST_F(ImageReaders, TellsCocoPhotosOfOneNameApartByTheirFolders) {
  for (const char* name : {"a/1.png", "b/1.png", "b/2.png"}) {
    Write(absl::StrCat("photos/", name), MakePng(SmoothPixels(4, 4)));
  }
  const std::string json = Write("captions.json", R"({
      "images": [{"id": 1, "file_name": "b/1.png"}, {"id": 2, "file_name": "1.png"},
                 {"id": 3, "file_name": "elsewhere/2.png"}],
      "annotations": [{"image_id": 1, "caption": "one"}, {"image_id": 2, "caption": "two"},
                      {"image_id": 3, "caption": "three"}]})");
  const auto data = ReadCocoCaptions(env_, json, JoinPath(directory_, "photos"));
  ASSERT_TRUE(data.ok()) << data.status();
  ASSERT_EQ(data->images.size(), 2);
  EXPECT_THAT(data->images[0].Name(), HasSubstr("b/1.png"));
  EXPECT_THAT(data->images[1].Name(), HasSubstr("b/2.png"));
  EXPECT_THAT(data->skipped, ElementsAre("1.png: several photos have this name"));
}

TEST_F(ImageReaders, ReadsCocoCaptions) {
  Write("train2017/000001.jpg", Image(1));
  const std::string json = Write("captions.json", R"({"images": [
      {"id": 7, "file_name": "000001.jpg"}, {"id": 8, "file_name": "000002.jpg"}],
      "annotations": [{"image_id": 7, "id": 1, "caption": "A cat. \n"},
                      {"image_id": 7, "id": 2, "caption": "A black cat."}]})");
  const auto data = ReadCocoCaptions(env_, json, directory_ + "/train2017");
  ASSERT_TRUE(data.ok()) << data.status();
  ASSERT_EQ(data->images.size(), 1u);
  EXPECT_THAT(data->images[0].captions, ElementsAre("A cat.", "A black cat."));
  EXPECT_THAT(data->skipped, ElementsAre("000002.jpg: there is no such photo"));
  EXPECT_THAT(Error(ReadCocoCaptions(env_, Write("bad.json", "{\"images\": 3}"), directory_)),
              HasSubstr("bad.json' is no file of COCO captions"));
}

}  // namespace
}  // namespace viv
