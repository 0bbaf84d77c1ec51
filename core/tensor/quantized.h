// Numbers in 8 bits, as QuantizedConv2D, Quantize and Dequantize have them.
#ifndef VIV_CORE_TENSOR_QUANTIZED_H_
#define VIV_CORE_TENSOR_QUANTIZED_H_

namespace viv {

// The greatest byte. Two products of greater ones with bytes of a filter might not fit into the 16
// bits in which processors without VNNI add them up.
inline constexpr int kGreatestByte = 127;

}  // namespace viv

#endif  // VIV_CORE_TENSOR_QUANTIZED_H_
