// The page that a server's program shows: <program>.html beside its source, compiled in.
#ifndef VIV_APPS_PAGE_H_
#define VIV_APPS_PAGE_H_

namespace viv {

extern const char kPageHtml[];

}  // namespace viv

#endif  // VIV_APPS_PAGE_H_
