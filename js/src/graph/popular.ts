// Which layers people need most often, from what public architectures and tutorials are made of.

const ORDER = `
  Input Dense Conv2D MaxPooling2D Flatten Dropout BatchNormalization Activation Add Concatenate GlobalAveragePooling2D
  LSTM Embedding LayerNormalization MultiHeadAttention Conv1D ReLU Reshape Rescaling GRU Bidirectional
  Conv2DTranspose UpSampling2D ZeroPadding2D AveragePooling2D GlobalAveragePooling1D DepthwiseConv2D SeparableConv2D
  MaxPooling1D GlobalMaxPooling1D GlobalMaxPooling2D LeakyReLU Softmax Multiply TimeDistributed Attention Normalization
  RandomFlip RandomRotation RandomZoom TextVectorization SimpleRNN GaussianNoise SpatialDropout2D Conv3D MaxPooling3D
  Average Dot Permute RepeatVector Cropping2D Masking Lambda GroupNormalization PReLU ELU Subtract Maximum
`
  .trim()
  .split(/\s+/);

const PLACE = new Map(ORDER.map((kind, index) => [kind, index]));

/** 0 for what is needed most often; all that is rare comes last, in the order it had. */
export function rarity(kind: string): number {
  return PLACE.get(kind) ?? ORDER.length;
}
